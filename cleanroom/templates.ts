import { readdirSync, readFileSync } from "node:fs";
import { PARTIES, type Party, parties } from "./party.ts";

/** A parameter of a query template. */
export interface TemplateParameter {
  readonly name: string;
  /** GoogleSQL's type: "INT64", "TABLE<hashed_email STRING, segment STRING>" or "ANY TABLE". */
  readonly type: string;
  readonly description: string;
}

/** A column of a query template's answer. */
export interface TemplateColumn {
  readonly name: string;
  /** GoogleSQL's type, such as "INT64". */
  readonly type: string;
  readonly description: string;
}

/**
 * A query that a party lets the other one run on its data: a table function. The other party passes in a table of its own, and sees the
 * answer but neither the query nor the data.
 */
export interface QueryTemplate {
  /** The name of the table function and of its listing; the file's name without .sql. */
  readonly name: string;
  /** The party whose data it reads. */
  readonly owner: Party;
  readonly question: string;
  /** How the query protects the owner's customers. The other party is told this and nothing else about the query. */
  readonly guards: string;
  /** In the order of a call. */
  readonly parameters: readonly TemplateParameter[];
  /** The columns of the answer. */
  readonly columns: readonly TemplateColumn[];
  /** The owner's tables and views that it reads, "dataset.table". The function must be authorised on each of these datasets. */
  readonly reads: readonly string[];
  /** Those of them that are shared views, by the view's name. */
  readonly views: readonly string[];
  /** The query, in GoogleSQL with full table names, from the parties' projects. */
  body(projects: Readonly<Record<Party, string>>): string;
  /** A call to paste, as the other party. @param linkedDataset how the call writes the linked dataset @default its name */
  example(linkedDataset?: string): string;
}

const folder = new URL("templates/", import.meta.url);

const names = PARTIES.flatMap((party) => [parties[party].dataset, parties[party].shared, parties[party].linked]);

/** A party's table after FROM or JOIN. Names of WITH clauses and parameters have no dataset. */
const tables = new RegExp(`(\\b(?:FROM|JOIN)\\s+)((?:${names.join("|")})\\.\\w+)`, "g");

/** Reads a template from its file's text. Throws Error if the header or the query does not have the form of a template. */
export function parseTemplate(name: string, text: string): QueryTemplate {
  const fail = (what: string) => new Error(`templates/${name}.sql: ${what}`);
  if (!/^[a-z]\w*$/.test(name)) throw fail("the name must be one of a function: small letters, digits and _");
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("--"));
  const header = sections(lines.slice(0, end));
  const section = (title: string) => {
    const found = header.get(title);
    if (found === undefined || found.length === 0) throw fail(`the header has no "-- ${title}:"`);
    return found;
  };
  const owner = PARTIES.find((party) => party === section("Owner").join());
  if (owner === undefined) throw fail(`the owner is ${section("Owner").join()}: use ${PARTIES.join(" or ")}`);
  const described = (title: string) =>
    section(title).map((line) => {
      const [, called, type, description] = /^(\w+) (ANY TABLE|\w+|TABLE<[^>]+>): (.+)$/.exec(line.trim()) ?? [];
      if (!called || !type || !description) throw fail(`"${line.trim()}" is not "name TYPE: description"`);
      return { name: called, type, description };
    });
  const query = lines.slice(end).join("\n").trim();
  const reads = tablesIn(query);
  const own = [parties[owner].dataset, parties[owner].shared];
  const foreign = reads.find((table) => !own.includes(table.split(".")[0] ?? ""));
  if (foreign !== undefined) throw fail(`reads ${foreign}: a template reads tables of its owner only`);
  const shared = `${parties[owner].shared}.`;
  const prose = (title: string) =>
    section(title)
      .map((line) => line.trim())
      .join(" ");
  const linked = parties[owner === "merchant" ? "wallet" : "merchant"].linked;
  const example = section("Example")
    .map((line) => line.replace(/^ {2}/, ""))
    .join("\n");
  return {
    name,
    owner,
    question: prose("Question"),
    guards: prose("Guards"),
    parameters: described("Parameters"),
    columns: described("Answer"),
    reads,
    views: reads.flatMap((table) => (table.startsWith(shared) ? [table.slice(shared.length)] : [])),
    body: (projects) => query.replace(tables, (_, word, table) => `${word}\`${projects[owner]}.${table}\``),
    example: (linkedDataset = linked) => example.replaceAll(`${linked}.`, `${linkedDataset}.`),
  };
}

/** Every query template, by name. */
export const templates: readonly QueryTemplate[] = readdirSync(folder)
  .filter((file) => file.endsWith(".sql"))
  .sort()
  .map((file) => parseTemplate(file.slice(0, -".sql".length), readFileSync(new URL(file, folder), "utf8")));

/** The parts of a header, by title. A part ends where the next one begins. */
function sections(lines: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of lines) {
    const [, title, rest] = /^-- ([A-Z]\w+):(?: (.*))?$/.exec(line) ?? [];
    if (title === undefined) current.push(line.replace(/^-- ?/, ""));
    else {
      current = rest ? [rest] : [];
      found.set(title, current);
    }
  }
  return found;
}

function tablesIn(query: string): string[] {
  return [...new Set([...query.matchAll(tables)].map(([, , table = ""]) => table))];
}
