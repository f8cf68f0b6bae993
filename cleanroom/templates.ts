import { readdirSync, readFileSync } from "node:fs";
import { UserError } from "./errors.ts";
import { otherParty, PARTIES, type Party, parties } from "./party.ts";

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

/** Reads a template from its file's text. Throws UserError if the header or the query does not have the form of a template. */
export function parseTemplate(name: string, text: string): QueryTemplate {
  const fail = (what: string) => new UserError(`cleanroom/templates/${name}.sql: ${what}`);
  if (!/^[a-z]\w*$/.test(name)) throw fail("the name must be one of a function: small letters, digits and _");
  // Windows ends lines with \r\n, and editors leave blanks.
  const lines = text.split("\n").map((line) => line.trimEnd());
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
  const parameters = described("Parameters");
  const written = lines.slice(end).join("\n").trim();
  const [fault] = faultsIn(written, parameters);
  if (fault !== undefined) throw fail(fault);
  const query = included(written, owner, name);
  const reads = tablesIn(query);
  const own = [parties[owner].dataset, parties[owner].shared];
  const foreign = reads.find((table) => !own.includes(table.split(".")[0] ?? ""));
  if (foreign !== undefined) throw fail(`reads ${foreign}: a template reads tables of its owner only`);
  const shared = `${parties[owner].shared}.`;
  const prose = (title: string) =>
    section(title)
      .map((line) => line.trim())
      .join(" ");
  const linked = parties[otherParty(owner)].linked;
  const example = section("Example")
    .map((line) => line.replace(/^ {2}/, ""))
    .join("\n");
  return {
    name,
    owner,
    question: prose("Question"),
    guards: prose("Guards"),
    parameters,
    columns: described("Answer"),
    reads,
    views: reads.flatMap((table) => (table.startsWith(shared) ? [table.slice(shared.length)] : [])),
    body: (projects) => query.replace(tables, (_, word, table) => `${word}\`${projects[owner]}.${table}\``),
    example: (linkedDataset = linked) => example.replaceAll(`${linked}.`, `${linkedDataset}.`),
  };
}

/** A line that includes the points, with the columns that tell the rows of `found` apart. */
const INCLUDE = /^-- Include: points by (\w+(?:, \w+)*)$/m;

/** Faults of a query that the analyser would not find, or would report at a line that the file does not have. */
function* faultsIn(query: string, parameters: readonly TemplateParameter[]): Generator<string> {
  const form = '"-- Include: points by COLUMN, COLUMN"';
  const meant = query.match(/^[ \t]*--[ \t]*Include\b.*$/gim) ?? [];
  for (const line of meant) if (!INCLUDE.test(line)) yield `"${line}" is not ${form}`;
  if (meant.length > 1) yield "includes the points twice: keep one of the lines";
  const code = query.replace(/--.*$/gm, "");
  const reads = /\b(?:FROM|JOIN)\s+points\b/i.test(code);
  if (meant.length === 0) {
    if (reads && !/\bpoints\s+AS\s*\(/i.test(code))
      yield `reads "points" without a line ${form} after the clause "found"`;
  } else {
    const before = query.slice(0, query.search(INCLUDE));
    for (const clause of ["listed", "found"])
      if (!new RegExp(`\\b${clause}\\s+AS\\s*\\(`, "i").test(before))
        yield `has no clause "${clause} AS (…)" before ${meant[0]}: cleanroom/rounding/points.sql says what it must hold`;
    if (!reads)
      yield `includes the points and does not use them: read the rows after ${meant[0]} from "points", and round with point_1`;
  }
  for (const { name } of parameters)
    if (!new RegExp(`\\b${name}\\b`, "i").test(code))
      yield `the query does not use the parameter ${name}: use it, or remove it from the header`;
}

/**
 * Puts the clauses of `cleanroom/rounding` in the place of a line such as `-- Include: points by segment`. BigQuery knows no includes, so the
 * deployed function has the whole text.
 */
function included(query: string, owner: Party, template: string): string {
  const read = (name: string) => readFileSync(new URL(`rounding/${name}.sql`, import.meta.url), "utf8").trim();
  return query.replace(INCLUDE, (_, key) =>
    [read(owner), read("points").replace("KEY", key).replace("TEMPLATE", template)].join("\n"),
  );
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
