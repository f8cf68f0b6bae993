import { isDeepStrictEqual } from "node:util";

/**
 * A stand-in for the parts of BigQuery and Analytics Hub that query templates need: table functions, the access lists of datasets, templates
 * and listings. As Google does, it honours an authorisation only for the function that it was given to, refuses to list a function that is
 * missing or not authorised on the datasets it reads, and refuses to approve a template whose function is not listed.
 */
export interface QueryTemplates {
  /** By `project.dataset.routine`. */
  readonly functions: Map<string, StoredFunction>;
  /** By `project.dataset`. A dataset that nobody asked for yet has an empty access list. */
  readonly datasets: Map<string, StoredDataset>;
  /** By full name. */
  readonly templates: Map<string, StoredTemplate>;
  /** By full name. */
  readonly listings: Map<string, StoredListing>;
  /** Runs once, after the next read of an access list, as if somebody else changed something at that moment. */
  meanwhile: (() => void) | undefined;
  /** Creates a template, a submitted one or a draft. Returns why Google refuses it; undefined if it does not. */
  submit(name: string, definitionBody: string, submit?: boolean): string | undefined;
  /** Adds an entry to the access list of a dataset, or removes it, as Google's provider does. */
  changeAccess(id: string, entry: Entry, done: "create" | "delete"): void;
  /** Answers an approval. Tests put something in front of it. */
  approve: (name: string) => Answer;
  /** Whether the function may read every dataset that its text names. */
  mayRead(id: string): boolean;
  reset(): void;
}

export interface StoredFunction {
  /** New with each CREATE OR REPLACE. */
  readonly etag: string;
  readonly parameters: string;
  readonly query: string;
  readonly description: string;
}
export interface StoredDataset {
  etag: string;
  access: Entry[];
}
/** An entry of an access list; for a routine, with the etag of the function that it was given to. */
export interface Entry {
  readonly routine?: { projectId: string; datasetId: string; routineId: string };
  readonly role?: string;
  readonly userByEmail?: string;
  readonly givenTo?: string | undefined;
}
export interface StoredTemplate {
  state: "DRAFTED" | "PENDING" | "APPROVED";
  routine: { routineType: string; definitionBody: string };
}
export interface StoredListing {
  displayName: string;
  description: string;
  bigqueryDataset: { dataset: string; selectedResources: { routine?: string; table?: string }[] };
  restrictedExportConfig?: { enabled?: boolean };
}

/** An answer to a call. */
export type Answer = { status: number; content: unknown };
const ok = (content: unknown): Answer => ({ status: 200, content });
const fault = (status: number, message: string): Answer => ({ status, content: { error: { code: status, message } } });

/** The calls that the server of `bigquery-views.ts` passes on. */
export interface TemplateCalls {
  /** Runs `CREATE OR REPLACE TABLE FUNCTION`; undefined for any other statement. */
  execute(statement: string): { status: number; message: string } | "done" | undefined;
  /** Answers a call on a routine, a dataset, a template or a listing; undefined for any other call. */
  answer(method: string, path: string, body: unknown, ifMatch: string | undefined): Answer | undefined;
}

export function openQueryTemplates(): QueryTemplates & TemplateCalls {
  let count = 0;
  const etag = () => `etag-${++count}`;
  const datasetOf = (id: string): StoredDataset => {
    const found = room.datasets.get(id) ?? { etag: etag(), access: [] };
    room.datasets.set(id, found);
    return found;
  };
  const idOf = (routine: Entry["routine"]) =>
    routine && `${routine.projectId}.${routine.datasetId}.${routine.routineId}`;

  const patch = (id: string, { access }: { access: Entry[] }, ifMatch: string | undefined): Answer => {
    const dataset = datasetOf(id);
    if (ifMatch !== undefined && ifMatch !== dataset.etag) return fault(412, "Precondition check failed.");
    const unknown = access.map(({ routine }) => idOf(routine)).find((each) => each && !room.functions.has(each));
    if (unknown !== undefined) return fault(400, `Routine not found: ${unknown}`);
    dataset.access = access.map((entry) => {
      const before = dataset.access.find(({ routine }) => routine && idOf(routine) === idOf(entry.routine));
      const routine = idOf(entry.routine);
      return routine ? { ...entry, givenTo: before ? before.givenTo : room.functions.get(routine)?.etag } : entry;
    });
    dataset.etag = etag();
    return ok({ etag: dataset.etag, access: dataset.access });
  };
  const list = (name: string, listing: StoredListing): Answer => {
    if (room.listings.has(name)) return fault(409, `Listing ${name} already exists`);
    const [selected, ...more] = listing.bigqueryDataset.selectedResources;
    const [, project, dataset, routine] =
      /^projects\/(.+)\/datasets\/(.+)\/routines\/(.+)$/.exec(selected?.routine ?? "") ?? [];
    if (routine === undefined || more.length > 0) return fault(400, "A clean room's listing has one selected resource");
    const id = `${project}.${dataset}.${routine}`;
    if (!room.functions.has(id)) return fault(404, `Not found: Routine ${id}`);
    if (!room.mayRead(id)) return fault(400, `Routine ${id} is not authorized on the datasets that it reads`);
    if (!listing.restrictedExportConfig?.enabled) return fault(400, "A clean room forbids exports");
    room.listings.set(name, structuredClone(listing));
    return ok({ name, ...listing });
  };
  const approve = (name: string): Answer => {
    const template = room.templates.get(name);
    if (template === undefined) return fault(404, `Not found: ${name}`);
    if (template.state !== "PENDING")
      return fault(400, `QueryTemplate ${name} is ${template.state}: only a PENDING one can be approved`);
    const exchange = name.slice(0, name.indexOf("/queryTemplates/"));
    const { definitionBody } = template.routine;
    const routine = definitionBody.slice(0, definitionBody.indexOf("("));
    const listed = [...room.listings].some(
      ([listing, { bigqueryDataset }]) =>
        listing.startsWith(`${exchange}/`) &&
        bigqueryDataset.selectedResources[0]?.routine?.endsWith(`/routines/${routine}`),
    );
    if (!listed) return fault(400, `QueryTemplate ${name} cannot be approved: ${routine} has no listing`);
    template.state = "APPROVED";
    return ok({ name, ...template });
  };

  const room: QueryTemplates & TemplateCalls = {
    functions: new Map(),
    datasets: new Map(),
    templates: new Map(),
    listings: new Map(),
    meanwhile: undefined,
    approve,
    submit(name, definitionBody, submit = true) {
      if (room.templates.has(name)) return `googleapi: Error 409: QueryTemplate ${name} already exists`;
      const routine = { routineType: "TABLE_VALUED_FUNCTION", definitionBody };
      room.templates.set(name, { state: submit ? "PENDING" : "DRAFTED", routine });
      return undefined;
    },
    changeAccess(id, entry, done) {
      const dataset = datasetOf(id);
      const others = dataset.access.filter((each) => !isDeepStrictEqual(each, entry));
      dataset.access = done === "create" ? [...others, entry] : others;
      dataset.etag = etag();
    },
    mayRead(id) {
      const found = room.functions.get(id);
      const read = [...(found?.query ?? "").matchAll(/`([\w-]+\.\w+)\.\w+`/g)].map(([, dataset = ""]) => dataset);
      return read.every((dataset) =>
        room.datasets
          .get(dataset)
          ?.access.some(({ routine, givenTo }) => idOf(routine) === id && givenTo === found?.etag),
      );
    },
    reset() {
      for (const each of [room.functions, room.datasets, room.templates, room.listings]) each.clear();
      room.meanwhile = undefined;
    },
    execute(statement) {
      if (!/^CREATE OR REPLACE TABLE FUNCTION /.test(statement)) return undefined;
      const [, id = "", parameters = "", description = '""', query] =
        /^CREATE OR REPLACE TABLE FUNCTION `([^`]+)`\((.*)\)\nOPTIONS \(description = ("(?:[^"\\]|\\.)*")\)\nAS \(\n([\s\S]*)\n\)$/.exec(
          statement,
        ) ?? [];
      if (query === undefined) return { status: 400, message: "Syntax error in the table function" };
      room.functions.set(id, { etag: etag(), parameters, query, description: JSON.parse(description) });
      return "done";
    },
    answer(method, path, body, ifMatch) {
      const [, project, dataset, routine] =
        /^projects\/([^/]+)\/datasets\/([^/]+)(?:\/routines\/([^/]+))?$/.exec(path) ?? [];
      if (routine !== undefined) {
        const id = `${project}.${dataset}.${routine}`;
        const found = room.functions.get(id);
        if (found === undefined) return fault(404, `Not found: Routine ${id}`);
        if (method === "DELETE") room.functions.delete(id);
        return method === "DELETE" ? { status: 204, content: "" } : ok({ etag: found.etag });
      }
      if (dataset !== undefined) {
        const id = `${project}.${dataset}`;
        if (method === "PATCH") return patch(id, body as { access: Entry[] }, ifMatch);
        const answer = ok(structuredClone(datasetOf(id)));
        room.meanwhile?.();
        room.meanwhile = undefined;
        return answer;
      }
      if (!path.includes("/dataExchanges/")) return undefined;
      if (path.endsWith(":approve")) return room.approve(path.slice(0, -":approve".length));
      if (method === "POST") return list(path, body as StoredListing);
      const found = room.templates.get(path) ?? room.listings.get(path);
      if (found === undefined) return fault(404, `Not found: ${path}`);
      if (method === "DELETE") room.listings.delete(path);
      if (method === "PATCH") Object.assign(found, body);
      return ok(method === "DELETE" ? {} : { name: path, ...found });
    },
  };
  return room;
}
