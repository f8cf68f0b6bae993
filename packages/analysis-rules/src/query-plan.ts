import {
  type Analysed,
  type Analyser,
  checkSize,
  type Node,
  nodesIn,
  placeOf,
  type ScanNotes,
  SqlError,
  tableOf,
  toDuckDb,
  UnsupportedSql,
} from "googlesql-duckdb/tree";
import { type PrivatePlan, planPrivately } from "./differential/index.ts";
import { type Protected, protect } from "./protect.ts";
import { Refusal } from "./refusal.ts";
import {
  calledName,
  notFound,
  type RoomParty,
  type RoomTable,
  shortName,
  tableNamed,
  unlessNoFunction,
} from "./room.ts";
import { type Inlined, withoutBodies } from "./templates.ts";

/** A party with its analyser. */
export interface Side {
  readonly party: RoomParty;
  readonly analyser: Analyser;
}

/** A query that passed the rules, translated and ready to run. */
export interface QueryPlan {
  readonly guarded: Protected;
  /** The translation, in which noisy answers are still to be filled in. */
  readonly privatePlan: PrivatePlan;
  readonly translate: Translate;
}

/**
 * Translates a query, or a part of it, to DuckDB's SQL.
 * @param notes what to add to scans, besides what the rules add
 */
type Translate = (query: Analysed, notes: ReadonlyMap<Node, ScanNotes>) => string;

/** Analyses a query of a party. Throws NotFound for a table or function that the party cannot name, and SqlError for a wrong query. */
export async function analysed({ party, analyser }: Side, text: string, signal?: AbortSignal): Promise<Analysed> {
  // Editors on Windows begin a file with a byte order mark.
  const sql = text.replace(/^\uFEFF/, "");
  let query: Analysed;
  try {
    query = await analyser.analyseSoon(sql, signal);
  } catch (error) {
    if (!(error instanceof SqlError || error instanceof UnsupportedSql)) throw error;
    // The analysis may stumble over something else before it comes to a table that the party cannot name.
    checkTables(party, pathsIn(analyser, sql), error);
    throw error instanceof SqlError ? unlessNoFunction(error, party) : error;
  }
  checkNames(query);
  const scans = nodesIn(query.query, (kind) => kind === "TableScan");
  const bytes = Buffer.from(sql);
  const inexact = scans.find((scan) => !isExact(scan, bytes));
  if (inexact !== undefined) checkTables(party, pathsIn(analyser, sql), placeOf(sql, inexact));
  for (const scan of scans) checkTables(party, [[tableOf(scan)]]);
  return query;
}

/** Throws NotFound for a table that the party cannot name, and Refusal for one of which it sees the columns only. */
function checkTables(party: RoomParty, paths: readonly string[][], place?: Pick<SqlError, "line" | "column">): void {
  for (const path of paths) {
    const table = tableNamed(party.tables, path);
    if (table === undefined) throw notFound(party, path, place);
    if (table.metadataOnly) throw metadataOnly(party, table);
  }
}

/** The names of the tables in a query; none if it cannot be parsed. */
function pathsIn(analyser: Analyser, sql: string): string[][] {
  try {
    return analyser.tablesOf(sql);
  } catch (error) {
    if (error instanceof SqlError) return [];
    throw error;
  }
}

/** Whether a query writes a table's name with its own capital letters, on which BigQuery insists and the analyser does not. False for unusual quotes too. */
function isExact(scan: Node, sql: Buffer): boolean {
  const { start, end } = (scan.parseLocationRange ?? {}) as { start?: number; end?: number };
  const written = sql
    .subarray(start ?? 0, end ?? 0)
    .toString()
    .replaceAll("`", "");
  return `.${tableOf(scan)}`.endsWith(`.${written}`);
}

/**
 * Checks a query against the rules and translates it. Nothing runs. Throws what `CleanRoom.check` throws.
 * @param table finds a table of the caller, or of a template's owner, by the id of its scan
 */
export function planOf(inlined: Inlined, table: (id: string) => RoomTable): QueryPlan {
  const { query } = inlined;
  checkSizeOf(inlined);
  const guarded = protect(query, table, inlined);
  const relation = (id: string) => table(id).relation;
  const translate: Translate = (part, notes) =>
    toDuckDb(part, {
      relation,
      notes: new Map([...guarded.scans, ...notes]),
      sensitive: guarded.sensitive,
      shown: guarded.shown,
    });
  const privatePlan = withoutTexts(inlined, guarded, relation, () =>
    planPrivately(query, guarded.differential, (part, answers) =>
      translate(part, new Map([...answers].map(([scan, answer]) => [scan, { answer }]))),
    ),
  );
  return { guarded, privatePlan, translate };
}

/** Throws UnsupportedSql for a query that is too large. A caller does not see the tables of the templates, so the error is about their calls. */
function checkSizeOf({ query, calls }: Inlined): void {
  try {
    checkSize(query);
  } catch (error) {
    if (!(error instanceof UnsupportedSql) || calls.size === 0) throw error;
    throw new UnsupportedSql(
      `${calls.size === 1 ? "a call of a query template" : "so many calls of query templates"} in a query of this size`,
      undefined,
      "Call each template in a query of its own, on a table that is not the answer of another call.",
    );
  }
}

/** Translates. If a template cannot be translated, the error says nothing about its query. */
function withoutTexts<T>(
  inlined: Inlined,
  { templates, scans }: Protected,
  relation: (id: string) => string,
  translation: () => T,
): T {
  try {
    return translation();
  } catch (error) {
    const first = templates.find(({ hidden }) => hidden);
    if (!(error instanceof UnsupportedSql) || first === undefined) throw error;
    // Throws the error again if it is about the caller's own part of the query.
    const own = withoutBodies(inlined);
    toDuckDb(own, { relation, notes: scans, sensitive: true });
    throw new UnsupportedSql(
      `a call of ${calledName(first.called)} with these arguments`,
      undefined,
      first.template.guards,
    );
  }
}

function metadataOnly({ functions = [] }: RoomParty, table: RoomTable): Refusal {
  const there = functions.filter(({ dataset }) => dataset === table.dataset).map(calledName);
  return new Refusal(
    "metadata only",
    `Access Denied: Table ${table.project}:${shortName(table)}: its owner shares its columns, and not its rows.`,
    there.length > 0 ? `Call a query template: ${there.join(", ")}.` : undefined,
  );
}

/** DuckDB's parser stops at a NUL. */
function checkNames({ outputs }: Analysed): void {
  if (outputs.some(({ name }) => name.includes("\0")))
    throw new SqlError("The name of a column cannot have a NUL in it.");
}
