import { checkSize, type ScanNotes, toDuckDb } from "../duckdb/translate.ts";
import { type Analysed, type Analyser, SqlError } from "../googlesql/analyser.ts";
import type { Node } from "../googlesql/tree.ts";
import type { Party } from "../party.ts";
import { checkPrivately, type Means } from "./differential/index.ts";
import { notFound, tableNamed } from "./names.ts";
import { type Protected, protect } from "./protect.ts";
import type { Room, RoomTable } from "./room.ts";

/** BigQuery takes no longer query. */
const LONGEST = 1024 * 1024;

/** What one party sees. */
export interface Side {
  readonly analyser: Analyser;
  /** The table by what a scan calls it. */
  readonly table: (id: string) => RoomTable;
}

/** What is to be run, and why it may be. */
export interface Plan {
  readonly guarded: Protected;
  readonly translate: Translate;
}

/**
 * A query, or a part of it, in DuckDB's SQL.
 * @param notes what is to be done with scans, beside and before what the rules say
 * @param sensitive scans whose expressions must not be able to fail, beside those that the rules name
 */
export type Translate = (query: Analysed, notes: ReadonlyMap<Node, ScanNotes>, sensitive?: ReadonlySet<Node>) => string;

/** Checks a query and sees that it can be translated; nothing runs. */
export function planOf(room: Room, party: Party, { analyser, table }: Side, sql: string): Plan {
  if (sql.length > LONGEST) throw new SqlError("The query is too large: at most 1,048,576 characters");
  for (const path of analyser.tablesOf(sql))
    if (tableNamed(room.tables[party], path) === undefined)
      throw notFound(room, party, path, placeOfError(analyser, sql));
  const analysed = analyser.analyse(sql);
  checkNames(analysed);
  checkSize(analysed);
  const guarded = protect(analysed, table);
  const relation = (id: string) => table(id).relation;
  const translate: Translate = (query, notes, sensitive = new Set()) =>
    toDuckDb(query, {
      relation,
      notes: new Map([...guarded.scans, ...notes]),
      sensitive: new Set([...guarded.sensitive, ...sensitive]),
    });
  checkPrivately(analysed, guarded.differential, withAnswers(translate));
  return { guarded, translate };
}

/** The analyser tells the place of a name that it does not know, too. */
function placeOfError(analyser: Analyser, sql: string): SqlError | undefined {
  try {
    analyser.analyse(sql);
  } catch (error) {
    if (error instanceof SqlError) return error;
  }
  return undefined;
}

/** BigQuery's results have no two columns of a name, and DuckDB's parser ends at a NUL. */
function checkNames({ outputs }: Analysed): void {
  const names = new Set<string>();
  for (const { name } of outputs) {
    if (name.includes("\0")) throw new SqlError("The name of a column cannot have a NUL in it.");
    if (names.has(name.toLowerCase()))
      throw new SqlError(`Duplicate column names in the result are not supported. Found duplicate(s): ${name}`);
    names.add(name.toLowerCase());
  }
}

/** The translation as the answers with noise want it: what stands for a scan is given beside what is sensitive. */
export function withAnswers(translate: Translate): Means["translate"] {
  return (query, sensitive, answers) =>
    translate(query, new Map([...answers].map(([scan, answer]) => [scan, { answer }])), sensitive);
}
