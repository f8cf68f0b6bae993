export type { ColumnKind } from "./analyser/types.ts";
export type { Table, TableColumn } from "./catalogue.ts";
export type { AnswerColumn } from "./columns.ts";
export type { Limits } from "./engine.ts";
export { RunError, SqlError, UnsupportedSql, UserError, type UserErrorCode } from "./errors.ts";
export {
  type Answer,
  type CheckedQuery,
  type GoogleSql,
  type OpenOptions,
  openGoogleSql,
} from "./open.ts";
export type { Value } from "./values.ts";
