import type { Analysed } from "../analyser/analyser.ts";
import { select } from "./scans.ts";
import { Scope, type TranslationOptions } from "./scope.ts";
import { checkSize } from "./size.ts";
import { column, name } from "./sql.ts";

export type { ScanNotes, TranslationOptions } from "./scope.ts";
export { checkSize } from "./size.ts";

/**
 * Translates a resolved query into one SELECT of DuckDB, from its tree alone. Each scan becomes a nested SELECT with columns named
 * after the tree's ids; the outermost one has the query's own names. Only forms that are known to give BigQuery's answer are translated.
 * @throws UnsupportedSql for everything else, with its place
 */
export function toDuckDb(query: Analysed, options: TranslationOptions): string {
  checkSize(query);
  const outputs = query.outputs.map((output) => ({ value: column(output.column.columnId), as: name(output.name) }));
  return select(query.query, outputs, new Scope(query, options));
}
