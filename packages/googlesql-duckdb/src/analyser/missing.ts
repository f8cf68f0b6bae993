import { SqlError, UnsupportedSql } from "../errors.ts";
import { offsetOf } from "./node.ts";

/** Functions that BigQuery has and the analyser lacks, each with what to write instead. */
const missing: Readonly<Record<string, string>> = {
  MAX_BY: "Write ANY_VALUE(x HAVING MAX y) for MAX_BY(x, y).",
  MIN_BY: "Write ANY_VALUE(x HAVING MIN y) for MIN_BY(x, y).",
  CONTAINS_SUBSTR: "Write STRPOS(LOWER(x), LOWER(y)) > 0.",
  COLLATE: "Compare LOWER(x) with LOWER(y).",
  SEARCH: "Write REGEXP_CONTAINS(LOWER(x), r'\\bword\\b').",
};
const geography = "Share latitude and longitude as FLOAT64, or a name of the place.";

/** Turns "Function not found" into "not supported", if BigQuery has that function. */
export function unlessMissing(error: SqlError, sql: string): SqlError | UnsupportedSql {
  const statement = statementIn(error, sql);
  if (statement !== undefined)
    return new SqlError(`Only one query can be run here: SELECT, WITH or FROM. ${statement}`, error.line, error.column);
  const [, name = ""] = /^Function not found: (?:SAFE\.)?`?(\w+)/i.exec(error.message) ?? [];
  const called = name.toUpperCase();
  const advice = called.startsWith("ST_") ? geography : Object.hasOwn(missing, called) ? missing[called] : undefined;
  if (advice === undefined || error.line === undefined || error.column === undefined) return error;
  return new UnsupportedSql(`the function ${called}`, { line: error.line, column: error.column }, advice);
}

/** A sentence about the statement that is no query; undefined for another error. */
function statementIn({ message, line, column }: SqlError, sql: string): string | undefined {
  if (/^Syntax error: Expected end of input but got /.test(message) && line && column)
    if (sql.slice(0, offsetOf(sql, { line, column })).trimEnd().endsWith(";"))
      return "Leave out what follows the semicolon, or ask it afterwards.";
  const [, kind] = /^Statement not supported: (\w+?)(?:Statement|Stmt)?$/.exec(message) ?? [];
  const [, keyword] = /^Syntax error: Unexpected keyword (DECLARE|IF|LOOP|WHILE|RAISE)\b/.exec(message) ?? [];
  if (kind === undefined && (keyword === undefined || line !== 1 || column !== 1)) return undefined;
  const written = keyword ?? kind?.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toUpperCase();
  const name = written === "SINGLE ASSIGNMENT" ? "SET" : String(written);
  if (/^CREATE.* FUNCTION$/.test(name)) return `Write the function's expression in place of ${name}.`;
  if (/^(CREATE|INSERT|UPDATE|DELETE|MERGE|DROP|ALTER|TRUNCATE)\b/.test(name))
    return `${name} would change data. Write a WITH clause for rows that a query needs.`;
  if (/^(DECLARE|SET|IF|LOOP|WHILE|RAISE|BEGIN|CALL|EXECUTE IMMEDIATE)$/.test(name))
    return `${name} belongs to a script. Write constants, WITH clauses or subqueries for its values.`;
  return `${name} is another statement.`;
}

/** BigQuery's other names for INT64, which the analyser lacks. */
const otherNames = /^Type not found: (INT|INTEGER|SMALLINT|BIGINT|TINYINT|BYTEINT)$/i;

/**
 * A query that BigQuery accepts and the analyser does not, in words that the analyser accepts; undefined for another error: a bare NULL
 * beside LIKE has no type for the analyser, and INT64 has other names.
 */
export function reworded(sql: string, { message, line, column }: SqlError): string | undefined {
  const isOfNull = /^Operands of (NOT )?LIKE cannot be literal NULL/.test(message);
  const from = isOfNull ? "NULL" : otherNames.exec(message)?.[1];
  if (from === undefined || !line || !column) return undefined;
  const offset = offsetOf(sql, { line, column });
  if (!new RegExp(`^${from}\\b`, "i").test(sql.slice(offset))) return undefined;
  return `${sql.slice(0, offset)}${isOfNull ? "CAST(NULL AS STRING)" : "INT64"}${sql.slice(offset + from.length)}`;
}
