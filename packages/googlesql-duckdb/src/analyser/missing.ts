import { type SqlError, UnsupportedSql } from "../errors.ts";

/** Functions that BigQuery has and the analyser lacks, each with what to write instead. */
const missing: Readonly<Record<string, string>> = {
  MAX_BY: "Write ANY_VALUE(x HAVING MAX y) for MAX_BY(x, y).",
  MIN_BY: "Write ANY_VALUE(x HAVING MIN y) for MIN_BY(x, y).",
  CONTAINS_SUBSTR: "Write STRPOS(LOWER(x), LOWER(y)) > 0.",
};
const geography = "Share latitude and longitude as FLOAT64, or a name of the place.";

/** Turns "Function not found" into "not supported", if BigQuery has that function. */
export function unlessMissing(error: SqlError): SqlError | UnsupportedSql {
  const [, name = ""] = /^Function not found: (?:SAFE\.)?(\w+)/i.exec(error.message) ?? [];
  const called = name.toUpperCase();
  const advice = called.startsWith("ST_") ? geography : Object.hasOwn(missing, called) ? missing[called] : undefined;
  if (advice === undefined || error.line === undefined || error.column === undefined) return error;
  return new UnsupportedSql(`the function ${called}`, { line: error.line, column: error.column }, advice);
}
