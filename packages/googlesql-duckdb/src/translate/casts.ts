import type { Type } from "../analyser/types.ts";
import { inDates } from "./functions/date-arithmetic.ts";
import { inFewDigits, ofDouble, ofText } from "./numerics.ts";
import { attempt, bind, type Casting, type Failing, orFail, unlessForm, unreadable } from "./sql.ts";
import { field, struct } from "./structs.ts";
import { dateTimeOf, dateTimeText, timestampOf, timestampText } from "./timestamps.ts";
import { duckDbType } from "./types.ts";

/** Translates a cast; undefined if it is not supported. */
export function cast(value: string, from: Type, to: Type, failing: Casting): string | undefined {
  if (JSON.stringify(from) === JSON.stringify(to)) return value;
  const pair = `${from.typeKind} ${to.typeKind}`.replaceAll("TYPE_", "");
  if (alike.has(pair)) return `CAST(${value} AS ${duckDbType(to)})`;
  // Fields of a STRUCT are named by their positions, so a change of names changes nothing.
  if (from.structType && duckDbType(from) === duckDbType(to)) return value;
  if (from.structType) return castFields(value, from, to, failing);
  return casts[pair]?.(value, failing);
}

/** Casts a STRUCT field by field; undefined if a field's cast is not supported. The analyser has compared the numbers of fields. */
function castFields(value: string, { structType: from }: Type, { structType: to }: Type, failing: Casting) {
  const one = { ...failing, other: () => undefined };
  const cannot = (from?.field ?? []).some(
    ({ fieldType }, at) => cast("x", fieldType, to?.field[at]?.fieldType as Type, one) === undefined,
  );
  if (cannot) return undefined;
  return bind([value], (v) => {
    const made = (from?.field ?? []).map(({ fieldType }, at) =>
      cast(field(v, at), fieldType, to?.field[at]?.fieldType as Type, one),
    );
    return `CASE WHEN ${v} IS NOT NULL THEN ${struct(made as string[])} END`;
  });
}

/** Casts with the same results in DuckDB, which never fail. */
const alike = new Set(["INT64 DOUBLE", "INT64 NUMERIC", "INT64 STRING", "INT64 BOOL", "BOOL INT64", "BOOL STRING"]);
for (const pair of ["NUMERIC DOUBLE", "DATE STRING", "DATE TIMESTAMP", "TIMESTAMP DATE", "DATE DATETIME"])
  alike.add(pair);
for (const pair of ["DATETIME DATE", "DATETIME TIME", "TIMESTAMP TIME", "TIMESTAMP DATETIME"]) alike.add(pair);
alike.add("DATETIME TIMESTAMP");

const casts: Readonly<Record<string, (value: string, failing: Casting) => string>> = {
  // GoogleSQL rounds halves away from zero.
  "DOUBLE INT64": (value, failing) => attempt([value], (v) => `CAST(round(${v}) AS BIGINT)`, failing),
  "DOUBLE NUMERIC": ofDouble,
  "STRING NUMERIC": ofText,
  "DOUBLE STRING": (value) => bind([value], doubleText),
  "NUMERIC INT64": (value, failing) => attempt([value], (v) => `CAST(round(${v}) AS BIGINT)`, failing),
  "NUMERIC STRING": (value) => `rtrim(rtrim(${inFewDigits(value, (v) => `CAST(${v} AS VARCHAR)`)}, '0'), '.')`,
  "STRING INT64": (value, failing) =>
    bind([value], (v) => {
      const made = failing.safe ? `TRY_CAST(${v} AS BIGINT)` : `CAST(${v} AS BIGINT)`;
      const other = unlessForm("hexadecimal numbers", hexadecimal, v, failing, parsed(v, INT64, whole, failing));
      // Nearly all texts have a form that DuckDB reads alike, so that is tried first.
      return `CASE WHEN regexp_full_match(${v}, '${whole}|0[xX][0-9a-fA-F]+') THEN ${made} ELSE ${other} END`;
    }),
  "STRING DOUBLE": (value, failing) =>
    bind([value], (v) =>
      unlessForm("hexadecimal and infinite numbers and NaN", notFinite, v, failing, parsedReal(v, failing)),
    ),
  "STRING BOOL": (value, failing) =>
    bind([value], (v) =>
      orFail(`lower(${v}) IN ('true', 'false')`, [v], `(lower(${v}) = 'true')`, "not a BOOL", failing),
    ),
  "STRING DATE": (value, failing) => inDates(parsed(value, DATE, "\\d{4}-\\d{1,2}-\\d{1,2}", failing), failing),
  "STRING BYTES": (value) => `encode(${value})`,
  "BYTES STRING": (value, failing) => attempt([value], (v) => `decode(${v})`, failing),
  "STRING TIMESTAMP": timestampOf,
  "STRING DATETIME": dateTimeOf,
  "TIMESTAMP STRING": (value) => timestampText(value),
  "DATETIME STRING": dateTimeText,
};

/** Forms of numbers, as regular expressions of RE2. */
const whole = "\\s*[+-]?\\d+\\s*";
const real = "\\s*[+-]?(\\d+[.]?\\d*|[.]\\d+)([eE][+-]?\\d+)?\\s*";
const hexadecimal = "(?i)\\s*[+-]?0x.*";
const notFinite = "(?i)\\s*[+-]?(0x|inf|nan).*";

/** GoogleSQL reads a number that is too large as infinity, which the translation does not support. */
function parsedReal(value: string, failing: Casting): string {
  const number = `CASE WHEN isfinite(TRY_CAST(${value} AS DOUBLE)) THEN TRY_CAST(${value} AS DOUBLE)
    ELSE ${unreadable("numbers that are too large", value, failing)} END`;
  return orFail(`regexp_full_match(${value}, '${real}')`, [value], number, "not a FLOAT64", failing);
}

/** Reads a value from a text of a certain form. */
function parsed(value: string, { type, not }: typeof INT64, form: string, failing: Failing): string {
  return bind([value], (v) => {
    const made = failing.safe ? `TRY_CAST(${v} AS ${type})` : `CAST(${v} AS ${type})`;
    return orFail(`regexp_full_match(${v}, '${form}')`, [v], made, not, failing);
  });
}

/** DuckDB's type, and the message for a text that is no value of it. */
const INT64 = { type: "BIGINT", not: "not an INT64" };
const DATE: typeof INT64 = { type: "DATE", not: "not a DATE" };

/** 15 digits if they read back as the same number, 17 otherwise. A zero has no sign. */
function doubleText(value: string): string {
  const digits = (count: number) => `format('{:.${count}g}', ${value})`;
  return `CASE WHEN ${value} = 0 THEN '0' WHEN CAST(${digits(15)} AS DOUBLE) = ${value} THEN ${digits(15)} ELSE ${digits(17)} END`;
}
