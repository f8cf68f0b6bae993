import { UnsupportedSql } from "../duckdb/unsupported.ts";
import type { SqlError } from "./service.ts";

/** Functions that BigQuery has and the analyser does not, each with what to write instead, if there is anything. */
const missing: Readonly<Record<string, string | undefined>> = {
  MAX_BY: "Write ANY_VALUE(x HAVING MAX y) for MAX_BY(x, y).",
  MIN_BY: "Write ANY_VALUE(x HAVING MIN y) for MIN_BY(x, y).",
  CONTAINS_SUBSTR: undefined,
};

/** What the analyser says of a query, but of a function that BigQuery has that it is not supported, not that there is none. */
export function unlessMissing(error: SqlError): SqlError | UnsupportedSql {
  const [, name = ""] = /^Function not found: (?:SAFE\.)?(\w+)/i.exec(error.message) ?? [];
  const called = name.toUpperCase();
  if (!Object.hasOwn(missing, called) || error.line === undefined || error.column === undefined) return error;
  return new UnsupportedSql(`the function ${called}`, { line: error.line, column: error.column }, missing[called]);
}
