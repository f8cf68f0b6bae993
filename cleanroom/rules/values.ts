import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import { isoOf } from "../../generator/warehouse/duckdb.ts";
import type { Type } from "../googlesql/analyser.ts";

/** A value of an answer, as JSON has it. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [field: string]: Value };

/**
 * A value of DuckDB as an answer gives it: INT64 as a number, and as text where a number would not be exact; NUMERIC always as
 * decimal text; infinities and NaN as text, since JSON has none; DATE, TIMESTAMP, DATETIME and TIME as ISO text; BYTES as base64.
 */
export function toValue(value: DuckDBValue, type: Type): Value {
  if (value === null) return null;
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
  if (value instanceof DuckDBListValue) {
    const element = type.arrayType?.elementType ?? unknown;
    return value.items.map((item) => toValue(item, element));
  }
  if (value instanceof DuckDBStructValue) {
    const fields = type.structType?.field ?? [];
    const entries = Object.values(value.entries).map((entry, index): [string, Value] => {
      const field = fields[index];
      return [field?.fieldName || `_field_${index + 1}`, toValue(entry, field?.fieldType ?? unknown)];
    });
    return Object.fromEntries(entries);
  }
  return String(value);
}

const unknown: Type = { typeKind: "TYPE_UNKNOWN" };

/** Without the zeros that only the column's scale asks for. */
function decimal(value: DuckDBDecimalValue): string {
  const text = value.toString();
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
