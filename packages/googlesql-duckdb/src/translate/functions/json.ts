import { listOf } from "../../analyser/node.ts";
import type { Type } from "../../analyser/types.ts";
import type { Translate } from "../call.ts";
import { inFewDigits } from "../numerics.ts";
import { bind, text } from "../sql.ts";
import { timestampText } from "../timestamps.ts";

const quoted = (value: string) => `'"' || ${value} || '"'`;
/** JSON's numbers have 53 bits: others are written as texts. */
const isExact = (value: string) => `${value} BETWEEN -9007199254740992 AND 9007199254740992`;

/** How a value of each type is written as JSON. NULL stays NULL. */
const writers: Readonly<Record<string, (value: string) => string>> = {
  TYPE_STRING: (value) => `CAST(to_json(${value}) AS VARCHAR)`,
  TYPE_INT64: (value) => {
    const digits = `CAST(${value} AS VARCHAR)`;
    return `CASE WHEN ${isExact(value)} THEN ${digits} ELSE ${quoted(digits)} END`;
  },
  TYPE_NUMERIC: (value) =>
    bind([inFewDigits(value, (v) => `CAST(${v} AS VARCHAR)`)], (digits) => {
      const whole = `left(${digits}, -10)`;
      // Up to 15 digits are exact, which is faster to see in the text.
      const number = `CASE WHEN strlen(${digits}) <= 25 OR ${isExact(value)} THEN ${whole} ELSE ${quoted(whole)} END`;
      return `CASE WHEN suffix(${digits}, '.000000000') THEN ${number} ELSE ${quoted(`rtrim(${digits}, '0')`)} END`;
    }),
  TYPE_BOOL: (value) => `CAST(${value} AS VARCHAR)`,
  TYPE_DATE: (value) => quoted(`CAST(${value} AS VARCHAR)`),
  TYPE_TIMESTAMP: (value) => quoted(`replace(${timestampText(value, "Z")}, ' ', 'T')`),
};

/** In these DuckDB's escapes differ: control characters have small letters in GoogleSQL, and two line ends of Unicode are escaped. */
const escapes = ["\\u00", "\u2028", "\u2029"];

/** Functions that write JSON. */
export const json: Readonly<Record<string, Translate>> = {
  /** Writes rows of columns of plain types. Google's own implementation writes all other values, and limits their length, at a hundredth of the speed. */
  to_json_string: (call) => {
    const [row, ...more] = call.nodes;
    const columns = row?.kind === "MakeStruct" ? listOf(row.fieldList) : [];
    const values = columns.map(call.sql);
    const fields = (row?.type as Type | undefined)?.structType?.field ?? [];
    const written = fields.map(({ fieldType }, at) => writers[fieldType.typeKind]?.(values[at] as string));
    const isPlain =
      values.length > 0 &&
      values.every((value) => /^c\d+$/.test(value)) &&
      // In a subquery, a lambda of DuckDB's cannot use the subquery's own columns beside those of the outer query.
      !columns.some(({ isCorrelated }) => isCorrelated) &&
      fields.every(({ fieldName }, at) => /^\w+$/.test(fieldName) && written[at] !== undefined);
    const other = isPlain && more.length === 0 ? call.other?.(call.args) : undefined;
    if (other === undefined) return call.refuse("of such a value");
    const parts = fields.map(
      ({ fieldName }, at) => `${text(`${at === 0 ? "{" : ","}"${fieldName}":`)}, coalesce(${written[at]}, 'null')`,
    );
    // concat() copies the parts once, and || with each further one.
    return bind([`concat(${parts.join(", ")}, '}')`], (made) => {
      const isAlike = escapes.map((each) => `NOT contains(${made}, ${text(each)})`);
      return `CASE WHEN strlen(${made}) <= 4096 AND ${isAlike.join(" AND ")} THEN ${made} ELSE ${other} END`;
    });
  },
};
