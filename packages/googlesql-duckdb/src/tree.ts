/*
 * For those who build on the resolved tree, as the package analysis-rules does: the analyser, the tree's nodes, the translation and
 * the engine, each on its own. These may change with any version; `openGoogleSql` does not need them.
 */
export {
  type Analysed,
  type Analyser,
  type CatalogTable,
  loadAnalyser,
} from "./analyser/analyser.ts";
export { compileToKeep } from "./analyser/kept.ts";
export { copyOf, listOf, type Node, nodesIn, placeOf, tableOf, unknownFields } from "./analyser/node.ts";
export { isCodeKept } from "./analyser/service.ts";
export { type CatalogFunction, type FunctionParameter, tableColumns } from "./analyser/table-functions.ts";
export type { Column, ColumnKind, Type } from "./analyser/types.ts";
export { type AnswerColumn, columnsOf } from "./columns.ts";
export { collected, defaultLimits, type Engine, engineOn, type Limits, openEngine } from "./engine.ts";
export { messageOf, type Place, RunError, SqlError, UnsupportedSql, UserError } from "./errors.ts";
export { text } from "./translate/sql.ts";
export { checkSize, type ScanNotes, type TranslationOptions, toDuckDb } from "./translate/translate.ts";
export { duckDbType, typeName } from "./translate/types.ts";
export type { Value } from "./values.ts";
