import {
  type Analysed,
  type Analyser,
  checkSize,
  type Node,
  type ScanNotes,
  SqlError,
  toDuckDb,
} from "googlesql-duckdb/tree";
import { type PrivatePlan, planPrivately } from "./differential/index.ts";
import { type Protected, protect } from "./protect.ts";
import { notFound, type RoomParty, type RoomTable, tableNamed } from "./room.ts";

/** BigQuery's limit on the length of a query. */
const MOST_CHARACTERS = 1024 * 1024;

/** A party with its analyser. */
export interface Side {
  readonly party: RoomParty;
  readonly analyser: Analyser;
  /** Finds a table by the id of its scan. */
  readonly table: (id: string) => RoomTable;
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
 * @param sensitive scans in which errors become NULL, besides those that the rules name
 */
export type Translate = (query: Analysed, notes: ReadonlyMap<Node, ScanNotes>, sensitive?: ReadonlySet<Node>) => string;

/** Checks a query against the rules and translates it. Nothing runs. Throws what `CleanRoom.check` throws. */
export function planOf({ party, analyser, table }: Side, sql: string): QueryPlan {
  if (sql.length > MOST_CHARACTERS) throw new SqlError("The query is too large: at most 1,048,576 characters");
  for (const path of analyser.tablesOf(sql))
    if (tableNamed(party.tables, path) === undefined) throw notFound(party, path, placeOfError(analyser, sql));
  const query = analyser.analyse(sql);
  checkNames(query);
  checkSize(query);
  const guarded = protect(query, table);
  const relation = (id: string) => table(id).relation;
  const translate: Translate = (part, notes, sensitive = new Set()) =>
    toDuckDb(part, {
      relation,
      notes: new Map([...guarded.scans, ...notes]),
      sensitive: new Set([...guarded.sensitive, ...sensitive]),
    });
  const privatePlan = planPrivately(query, guarded.differential, (part, sensitive, answers) =>
    translate(part, new Map([...answers].map(([scan, answer]) => [scan, { answer }])), sensitive),
  );
  return { guarded, privatePlan, translate };
}

/** The analyser's own error about an unknown name, which has the name's place. */
function placeOfError(analyser: Analyser, sql: string): SqlError | undefined {
  try {
    analyser.analyse(sql);
  } catch (error) {
    if (error instanceof SqlError) return error;
  }
  return undefined;
}

/** BigQuery refuses a result with two columns of one name, and DuckDB's parser stops at a NUL. */
function checkNames({ outputs }: Analysed): void {
  const names = new Set<string>();
  for (const { name } of outputs) {
    if (name.includes("\0")) throw new SqlError("The name of a column cannot have a NUL in it.");
    if (names.has(name.toLowerCase()))
      throw new SqlError(`Duplicate column names in the result are not supported. Found duplicate(s): ${name}`);
    names.add(name.toLowerCase());
  }
}
