import type { DuckDBIntervalValue } from "@duckdb/node-api";
import { listOf } from "../analyser/node.ts";
import type { JsonObject } from "../analyser/protobuf.ts";
import type { Type } from "../analyser/types.ts";
import { ofMessage, rangeText } from "../evaluate/values.ts";
import { text } from "./sql.ts";
import { struct } from "./structs.ts";
import { duckDbType } from "./types.ts";

/** A value in the tree, such as { int64Value: "30" }. Without any field it is NULL. */
export type Value = Readonly<Record<string, unknown>>;

/** Translates a literal; undefined if it is not supported. */
export function literal(value: Value, type: Type): string | undefined {
  const duckDb = duckDbType(type);
  if (duckDb === undefined) return undefined;
  if (Object.keys(value).length === 0) return `CAST(NULL AS ${duckDb})`;
  const of = type.arrayType?.elementType;
  const fields = type.structType?.field;
  if (fields !== undefined) {
    const values = listOf<Value>((value.structValue as Value).field).map((field, at) =>
      literal(field, (fields[at] as { fieldType: Type }).fieldType),
    );
    return values.includes(undefined) ? undefined : struct(values as string[]);
  }
  if (type.rangeType) return text(rangeText(value.rangeValue as JsonObject, type.rangeType.elementType));
  if (of === undefined) return writers[type.typeKind]?.(value);
  const elements = listOf<Value>((value.arrayValue as Value).element).map((element) => literal(element, of));
  return elements.includes(undefined) ? undefined : `CAST([${elements.join(", ")}] AS ${duckDb})`;
}

const writers: Readonly<Record<string, (value: Value) => string | undefined>> = {
  TYPE_INT64: ({ int64Value }) => `(${int64Value})::BIGINT`,
  // NaN and infinities come as texts and are refused: the translation keeps every FLOAT64 finite.
  TYPE_DOUBLE: ({ doubleValue }) => (typeof doubleValue === "number" ? double(doubleValue) : undefined),
  TYPE_NUMERIC: ({ numericValue }) => numeric(Buffer.from(String(numericValue), "base64")),
  TYPE_BIGNUMERIC: (value) => text(String(ofMessage(value as JsonObject, { typeKind: "TYPE_BIGNUMERIC" }))),
  TYPE_STRING: ({ stringValue }) => text(String(stringValue)),
  TYPE_JSON: ({ jsonValue }) => text(String(jsonValue)),
  TYPE_INTERVAL: ({ intervalValue }) => {
    const { months, days, micros } = ofMessage({ intervalValue } as JsonObject, {
      typeKind: "TYPE_INTERVAL",
    }) as DuckDBIntervalValue;
    return `(to_months(${months}) + to_days(${days}) + to_microseconds(${micros}::BIGINT))`;
  },
  TYPE_BYTES: ({ bytesValue }) => `from_hex('${Buffer.from(String(bytesValue), "base64").toString("hex")}')`,
  TYPE_BOOL: ({ boolValue }) => (boolValue === true ? "TRUE" : "FALSE"),
  TYPE_DATE: ({ dateValue }) => `DATE '${new Date(Number(dateValue) * 86_400_000).toISOString().slice(0, 10)}'`,
  TYPE_DATETIME: ({ datetimeValue }) => datetime(datetimeValue as { bitFieldDatetimeSeconds: string; nanos: number }),
  TYPE_TIME: ({ timeValue }) =>
    `TIME '${clock(BigInt(String(timeValue)) >> 30n, Number(BigInt(String(timeValue)) & 0x3fffffffn))}'`,
  TYPE_TIMESTAMP: ({ timestampValue }) => `TIMESTAMP '${String(timestampValue).replace("T", " ").replace("Z", "")}'`,
};

function double(value: number): string {
  return `CAST('${Object.is(value, -0) ? "-0.0" : value}' AS DOUBLE)`;
}

/** The bytes are a signed whole number of 10⁻⁹, the lowest byte first. */
function numeric(bytes: Buffer): string {
  const units = BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).reverse().toString("hex") || "0"}`));
  const digits = String(units < 0n ? -units : units).padStart(10, "0");
  return `CAST('${units < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}' AS DECIMAL(38, 9))`;
}

/** The bits are, from the highest: the year, 4 bits of the month, 5 of the day, then the time. */
function datetime({ bitFieldDatetimeSeconds, nanos }: { bitFieldDatetimeSeconds: string; nanos: number }): string {
  const bits = BigInt(bitFieldDatetimeSeconds);
  const [year, month, day] = [bits >> 26n, (bits >> 22n) & 15n, (bits >> 17n) & 31n];
  const date = [String(year).padStart(4, "0"), ...[month, day].map((part) => String(part).padStart(2, "0"))].join("-");
  return `TIMESTAMP '${date} ${clock(bits & 0x1ffffn, nanos)}'`;
}

/** The bits are, from the highest: 5 bits of the hour, 6 of the minute, 6 of the second. */
function clock(bits: bigint, nanos: number): string {
  const parts = [bits >> 12n, (bits >> 6n) & 63n, bits & 63n].map((part) => String(part).padStart(2, "0"));
  return `${parts.join(":")}.${String(Math.trunc(nanos / 1000)).padStart(6, "0")}`;
}
