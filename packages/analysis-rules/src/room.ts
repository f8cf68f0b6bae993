import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import {
  type CatalogTable,
  type ColumnKind,
  type FunctionParameter,
  messageOf,
  SqlError,
  tableColumns,
  UserError,
} from "googlesql-duckdb/tree";
import { type AnalysisRule, checkRule } from "./policy.ts";

/** A table or view that a party can name. */
export interface RoomTable {
  /** The source, "project.dataset.table". A linked view has the id of the view that it shows: they share one privacy budget. */
  readonly id: string;
  /** The three parts of the name that the party writes. */
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
  /** The party that owns it. */
  readonly owner: string;
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
  /** Left out for a table that its owner reads freely. */
  readonly rule?: AnalysisRule;
  /** True if the party sees its columns, and may not query it: only query templates read it. @default false */
  readonly metadataOnly?: boolean;
  /** Its name in the DuckDB file, "schema.table". */
  readonly relation: string;
}

/** A query template: a query that its owner lets others run, as a table function, on data that they do not see. */
export interface RoomTemplate {
  /** The party whose tables the query reads, with that party's rights. */
  readonly owner: string;
  /** In the order of a call. A caller sees them, and not the query. */
  readonly parameters: readonly FunctionParameter[];
  /** The columns of the answer. */
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
  /** The query, in GoogleSQL, with the names that its owner writes. */
  readonly query: string;
  /** How it protects the owner's data, in the owner's words: all that a caller is told about the query. */
  readonly guards: string;
}

/** A table function that a party can call. */
export interface RoomFunction {
  /** The template that it runs. */
  readonly id: string;
  /** The three parts of the name that the party writes. */
  readonly project: string;
  readonly dataset: string;
  readonly name: string;
}

/** A party of the clean room. */
export interface RoomParty {
  /** The party's name in sentences, such as "the merchant". */
  readonly title: string;
  /** The party's project; a name without a project is looked up here. */
  readonly project: string;
  /** Everything that the party can name: its own tables and views, and the views that others share with it. */
  readonly tables: readonly RoomTable[];
  /** The query templates that the party can call. @default none */
  readonly functions?: readonly RoomFunction[];
}

/** Who takes part in a clean room, and who sees what under which rule. It is plain data, fit for a JSON file. */
export interface Room {
  /** The parties by the names that `ask` takes. */
  readonly parties: Readonly<Record<string, RoomParty>>;
  /** The query templates, by their ids. @default none */
  readonly templates?: Readonly<Record<string, RoomTemplate>>;
}

/** A clean room cannot be opened, or has no such party. Like the errors of googlesql-duckdb, its name is UserError: print its message only. */
export class RoomError extends UserError {
  /** The file is missing or unreadable, or the description is wrong. */
  readonly reason: "missing" | "unreadable" | "wrong";

  constructor(reason: RoomError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The table does not exist, or the party may not see it. The error does not say which. */
export class NotFound extends SqlError {
  /** The names that the party can write, "dataset.table". */
  readonly visible: readonly string[];

  constructor(message: string, visible: readonly string[], place?: Pick<SqlError, "line" | "column">) {
    super(message, place?.line, place?.column);
    this.name = "NotFound";
    this.visible = visible;
  }
}

/**
 * Reads a room's description from a JSON file. Throws RoomError if the file is missing or is not JSON.
 * @example
 * const room = await openRoom({ database: "shop.duckdb", room: readRoom("room.json"), ledger: "budget.jsonl" });
 */
export function readRoom(file: string): Room {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw missing
      ? new RoomError("missing", `${file} does not exist`)
      : new RoomError("unreadable", `${file} cannot be read: ${messageOf(error)}`);
  }
  try {
    return JSON.parse(text) as Room;
  } catch (error) {
    throw new RoomError("unreadable", `${file} cannot be read: ${messageOf(error)}`);
  }
}

/**
 * Throws RoomError for a description that is wrong: a rule that BigQuery would refuse, an owner that is not a party, one name for two
 * tables, a function without a template, or a template with a parameter of an unknown type.
 */
export function checkRoom(room: Room): void {
  const { parties, templates = {} } = room ?? {};
  if (typeof parties !== "object" || parties === null || Object.keys(parties).length === 0)
    throw new RoomError("wrong", "the room's description has no parties: give each a title, a project and tables");
  checkForm(parties);
  checkRules(parties);
  checkNames(parties);
  checkTemplates(parties, templates);
}

/** Throws RoomError if a party or a table lacks something. */
function checkForm(parties: Room["parties"]): void {
  for (const [party, described] of Object.entries(parties)) {
    if (!Array.isArray(described?.tables) || !hasTexts(described, "title", "project"))
      throw new RoomError("wrong", `the party ${party} is not described: give it a title, a project and tables`);
    for (const table of described.tables)
      if (!hasTexts(table, "id", "project", "dataset", "table", "owner") || !Array.isArray(table.columns))
        throw new RoomError("wrong", `a table of ${party} lacks its id, project, dataset, table, owner or columns`);
  }
}

/** Throws RoomError for a rule that BigQuery would refuse, or an owner that is not a party. */
function checkRules(parties: Room["parties"]): void {
  for (const [party, { tables }] of Object.entries(parties))
    for (const table of tables) {
      const columns = table.columns.map(({ name }) => name);
      const faults = table.rule ? checkRule(table.rule, columns) : [];
      if (!Object.hasOwn(parties, table.owner))
        faults.push(`its owner is ${table.owner}, who is not a party: use one of ${Object.keys(parties).join(", ")}`);
      if (faults.length > 0) throw new RoomError("wrong", `${shortName(table)} of ${party}: ${faults.join("; ")}`);
    }
}

/** Throws RoomError for a function without a template, or a template that is wrong. */
function checkTemplates(parties: Room["parties"], templates: NonNullable<Room["templates"]>): void {
  for (const [id, { owner, parameters }] of Object.entries(templates)) {
    if (!Object.hasOwn(parties, owner))
      throw new RoomError("wrong", `the template ${id}: its owner is ${owner}, who is not a party`);
    for (const parameter of parameters) tableColumns(parameter);
  }
  for (const [party, { functions = [] }] of Object.entries(parties))
    for (const { id, dataset, name } of functions)
      if (!Object.hasOwn(templates, id))
        throw new RoomError("wrong", `${dataset}.${name} of ${party} runs the template ${id}, which is not described`);
}

/** Throws RoomError if one party or two write the same name for different tables, or for a view under different rules: one rule would count for both. */
function checkNames(parties: Room["parties"]): void {
  const known = new Map<string, { readonly party: string; readonly parts: unknown }>();
  for (const [party, { tables }] of Object.entries(parties)) {
    // The analyser would read the last table of a name, and `tableNamed` finds the first.
    const own = new Map<string, string>();
    for (const table of tables) {
      for (const written of new Set([shortName(table), nameOf(table)])) {
        const other = own.get(written) ?? nameOf(table);
        if (other !== nameOf(table))
          throw new RoomError(
            "wrong",
            `${written} of ${party} is both ${other} and ${nameOf(table)}: put one of them into a dataset of another name`,
          );
        own.set(written, nameOf(table));
      }
      const { id, owner, rule, relation, columns } = table;
      const parts = { id, owner, rule, relation, columns };
      const other = known.get(nameOf(table));
      if (other && !isDeepStrictEqual(other.parts, parts))
        throw new RoomError(
          "wrong",
          `${nameOf(table)} of ${party}: ${other.party} has a different table of this name; give both the same id, owner, rule, relation and columns, or two names`,
        );
      known.set(nameOf(table), { party, parts });
    }
  }
}

/** True if a part of a description has a text in each of these fields. */
function hasTexts(part: unknown, ...fields: readonly string[]): boolean {
  return fields.every((field) => typeof (part as Record<string, unknown> | null)?.[field] === "string");
}

/** A party by its name. Throws RoomError if the room has no such party. */
export function partyOf({ parties }: Room, party: string): RoomParty {
  const found = Object.hasOwn(parties, party) ? parties[party] : undefined;
  if (found) return found;
  throw new RoomError("wrong", `no party is called ${party}: use one of ${Object.keys(parties).join(", ")}`);
}

/** "dataset.table", as BigQuery's messages name a view. */
export function shortName({ dataset, table }: RoomTable): string {
  return `${dataset}.${table}`;
}

/** "project.dataset.table", as the party names the table: unique among the party's tables, and the id of its scans. */
function nameOf(table: RoomTable): string {
  return `${table.project}.${shortName(table)}`;
}

/**
 * The tables as a catalog for the analyser. A query may write each as dataset.table or project.dataset.table, and quote the name in
 * whole or in parts.
 * @example
 * const analyser = await loadAnalyser(catalogOf(room.parties.merchant.tables));
 */
export function catalogOf(tables: readonly RoomTable[]): CatalogTable[] {
  return tables.map((table) => ({
    id: nameOf(table),
    paths: [...groupings([table.dataset, table.table]), ...groupings([table.project, table.dataset, table.table])],
    columns: table.columns,
  }));
}

/**
 * Finds a table by the id that `catalogOf` gave it. The function that it returns throws Error for any other id.
 * @example
 * tablesOf(room.parties.merchant.tables)("shop-project.merchant.users").relation; // "merchant.users"
 */
export function tablesOf(tables: readonly RoomTable[]): (id: string) => RoomTable {
  const byId = new Map(tables.map((table) => [nameOf(table), table]));
  return (id) => {
    const table = byId.get(id);
    if (table === undefined) throw new Error(`the catalog has no table ${id}`);
    return table;
  };
}

/**
 * The table that a path of a query names; undefined if none has that name. Names are case-sensitive, and a quoted part may hold dots.
 * @example
 * tableNamed(tables, ["shop-project", "merchant.users"]);
 */
export function tableNamed(tables: readonly RoomTable[], path: readonly string[]): RoomTable | undefined {
  const written = path.join(".");
  return tables.find((table) => [shortName(table), nameOf(table)].includes(written));
}

/** "dataset.name", as messages name a table function. */
export function calledName({ dataset, name }: RoomFunction): string {
  return `${dataset}.${name}`;
}

/** The analyser's error, as NotFound if it is about a table function that the party cannot call. */
export function unlessNoFunction(error: SqlError, { functions = [] }: RoomParty): SqlError {
  if (!/^Table-valued function not found/.test(error.message)) return error;
  return new NotFound(error.message, functions.map(calledName).sort(), error);
}

/** The error for a path that names nothing the party can see. */
export function notFound(
  { project, tables }: RoomParty,
  path: readonly string[],
  place?: Pick<SqlError, "line" | "column">,
): NotFound {
  const visible = tables.map(shortName).sort();
  const [table = "", dataset, ...more] = path.join(".").split(".").reverse();
  if (dataset === undefined)
    return new NotFound(`Table "${table}" must be qualified with a dataset (e.g. dataset.table).`, visible, place);
  const where = more.length > 0 ? more.reverse().join(".") : project;
  return new NotFound(`Not found: Table ${where}:${dataset}.${table}`, visible, place);
}

/** All ways to quote neighbours together: [a, b, c] is also [a.b, c], [a, b.c] and [a.b.c]. */
export function groupings([first, ...rest]: readonly string[]): string[][] {
  if (first === undefined) return [[]];
  if (rest.length === 0) return [[first]];
  return groupings(rest).flatMap(([next = "", ...more]) => [
    [first, next, ...more],
    [`${first}.${next}`, ...more],
  ]);
}
