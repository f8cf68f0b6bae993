import type { Analysed } from "../googlesql/analyser.ts";
import { select } from "./scans.ts";
import { Scope, type TranslationOptions } from "./scope.ts";
import { checkSize } from "./size.ts";
import { column, name } from "./sql.ts";

export type { ScanNotes, TranslationOptions } from "./scope.ts";
export { checkSize } from "./size.ts";
export { UnsupportedSql } from "./unsupported.ts";

/**
 * A query in DuckDB's SQL, from its tree alone. Scans become nested SELECTs whose columns are named by the tree's ids, those of the
 * outermost as the query names them. Only what is known to give BigQuery's answer is translated.
 * Throws UnsupportedSql for everything else, with its place.
 */
export function toDuckDb(query: Analysed, options: TranslationOptions): string {
  checkSize(query);
  const outputs = query.outputs.map((output) => ({ value: column(output.column.columnId), as: name(output.name) }));
  return select(query.query, outputs, new Scope(query.sql, options));
}
