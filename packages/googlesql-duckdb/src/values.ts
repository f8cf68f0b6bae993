import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { Type } from "./analyser/types.ts";
import { distinct } from "./columns.ts";
import { RunError } from "./errors.ts";

/** A value of an answer, in types that JSON has. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [field: string]: Value };

/**
 * Converts a value of DuckDB: INT64 to a number, or to text if a number would not be exact; NUMERIC always to decimal text; infinities
 * and NaN to text, because JSON lacks them; DATE, TIMESTAMP, DATETIME and TIME to ISO text; INTERVAL to text as GoogleSQL's; BYTES to base64; JSON to its text.
 * As in BigQuery's answers, an ARRAY that is NULL is empty. Throws RunError for an ARRAY with a NULL in it.
 */
export function toValue(value: DuckDBValue, type: Type): Value {
  if (value === null) return type.arrayType ? [] : null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof DuckDBDecimalValue) return decimal(value);
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    const iso = isoOf(value.micros);
    return type.typeKind === "TYPE_DATETIME" ? iso.slice(0, -1) : iso;
  }
  if (value instanceof DuckDBDateValue) return value.toString();
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString("base64");
  if (value instanceof DuckDBIntervalValue) return intervalText(value);
  if (value instanceof DuckDBListValue) {
    const element = type.arrayType?.elementType ?? unknown;
    return value.items.map((item) => {
      if (item === null) throw new RunError("answer", NULL_ELEMENT);
      return toValue(item, element);
    });
  }
  if (value instanceof DuckDBStructValue) {
    const names = fieldNames(type);
    const entries = Object.values(value.entries).map((entry, index): [string, Value] => [
      names[index] ?? `_field_${index + 1}`,
      toValue(entry, type.structType?.field[index]?.fieldType ?? unknown),
    ]);
    return Object.fromEntries(entries);
  }
  return String(value);
}

/** The names of a STRUCT's fields in an object, in which no two can be alike. */
function fieldNames(type: Type): string[] {
  const known = structs.get(type);
  if (known) return known;
  const names = distinct(
    (type.structType?.field ?? []).map(({ fieldName }, index) => fieldName || `_field_${index + 1}`),
  );
  structs.set(type, names);
  return names;
}

const NULL_ELEMENT =
  "Array cannot have a null element in an answer: leave NULLs out, as in ARRAY_AGG(x IGNORE NULLS), or write COALESCE";

const structs = new WeakMap<Type, string[]>();

const unknown: Type = { typeKind: "TYPE_UNKNOWN" };

/** Writes "1-2 3 4:5:6.000007": years and months, days, hours, minutes and seconds. Each of the three has a sign of its own. */
function intervalText({ months, days, micros }: DuckDBIntervalValue): string {
  const [all, span] = [Math.abs(months), micros < 0n ? -micros : micros];
  const part = span % 1_000_000n;
  const fraction = part === 0n ? "" : `.${String(part).padStart(6, "0").replace(/000$/, "")}`;
  const clock = [span / 3_600_000_000n, (span / 60_000_000n) % 60n, (span / 1_000_000n) % 60n].join(":");
  return `${months < 0 ? "-" : ""}${Math.trunc(all / 12)}-${all % 12} ${days} ${micros < 0n ? "-" : ""}${clock}${fraction}`;
}

/** Drops trailing zeros, which only come from the column's scale. */
function decimal(value: DuckDBDecimalValue): string {
  const text = value.toString();
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Writes microseconds since 1970 as ISO text in UTC, with milliseconds, and with microseconds if there are any. */
function isoOf(micros: bigint): string {
  const beyond = ((micros % 1000n) + 1000n) % 1000n;
  const iso = new Date(Number((micros - beyond) / 1000n)).toISOString();
  return beyond === 0n ? iso : iso.replace("Z", `${String(beyond).padStart(3, "0")}Z`);
}
