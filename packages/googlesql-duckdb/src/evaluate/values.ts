import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBType,
  type DuckDBValue,
  INTERVAL,
  LIST,
  STRUCT,
  TIME,
  TIMESTAMP,
  VARCHAR,
} from "@duckdb/node-api";
import accessors from "@duckdb/node-api/lib/vectors/dataAccessors.js";
import { listOf } from "../analyser/node.ts";
import type { JsonObject } from "../analyser/protobuf.ts";
import type { Type } from "../analyser/types.ts";
import { fieldName } from "../translate/types.ts";

/* Values of DuckDB as Google's library takes them, and back. */

// DuckDB's client leaves out a byte order mark at the start of a text that it reads, which makes one text of two.
Object.assign(accessors, { textDecoder: new TextDecoder("utf-8", { ignoreBOM: true }) });

/** DuckDB's type for one of GoogleSQL that `duckDbType` supports. */
export function columnType(type: Type): DuckDBType {
  if (type.arrayType) return LIST(columnType(type.arrayType.elementType));
  if (type.structType)
    return STRUCT(
      Object.fromEntries(
        listOf<Field>(type.structType.field).map((of, at) => [fieldName(at), columnType(of.fieldType)]),
      ),
    );
  const found = kinds[type.typeKind];
  if (found === undefined) throw new Error(`no DuckDB type for ${type.typeKind}`);
  return found.type;
}

/** Converts a value of DuckDB to the library's message, as JSON. */
export function toMessage(value: DuckDBValue, type: Type): JsonObject {
  if (value === null) return {};
  if (value instanceof DuckDBListValue) {
    const of = type.arrayType?.elementType as Type;
    return { arrayValue: { element: value.items.map((item) => toMessage(item, of)) } };
  }
  if (value instanceof DuckDBStructValue) {
    const fields = listOf<Field>(type.structType?.field);
    const values = Object.values(value.entries);
    return { structValue: { field: fields.map(({ fieldType }, at) => toMessage(values[at] ?? null, fieldType)) } };
  }
  if (type.rangeType) return { rangeValue: rangeOf(String(value), type.rangeType.elementType) };
  return kinds[type.typeKind]?.write(value as never) ?? {};
}

/** Converts a message of the library to a value of DuckDB. */
export function ofMessage(message: JsonObject, type: Type): DuckDBValue {
  const [value] = Object.values(message);
  if (value === undefined) return null;
  if (type.rangeType) return rangeText(value as JsonObject, type.rangeType.elementType);
  if (type.arrayType) {
    const of = type.arrayType.elementType;
    return new DuckDBListValue(
      listOf<JsonObject>((value as JsonObject).element).map((element) => ofMessage(element, of)),
    );
  }
  if (type.structType) {
    const values = listOf<JsonObject>((value as JsonObject).field);
    return new DuckDBStructValue(
      Object.fromEntries(
        listOf<Field>(type.structType.field).map(({ fieldType }, at) => [
          fieldName(at),
          ofMessage(values[at] ?? {}, fieldType),
        ]),
      ),
    );
  }
  return kinds[type.typeKind]?.read(value as never) ?? null;
}

/** Writes the message of a RANGE as GoogleSQL does: "[2024-02-29, UNBOUNDED)". DuckDB holds this text, so equal ranges are equal there. */
export function rangeText({ start, end }: JsonObject, of: Type): string {
  const bound = (message: JsonObject) => {
    const value = ofMessage(message, of);
    if (value instanceof DuckDBDateValue) return value.toString();
    if (!(value instanceof DuckDBTimestampValue)) return "UNBOUNDED";
    const [, day, time, part] = /^(.*)T(.*)[.](\d+)Z$/.exec(isoOf(value.micros)) as string[];
    const fraction = part === "000000" ? "" : `.${part?.replace(/000$/, "")}`;
    return `${day} ${time}${fraction}${of.typeKind === "TYPE_TIMESTAMP" ? "+00" : ""}`;
  };
  return `[${bound(start as JsonObject)}, ${bound(end as JsonObject)})`;
}

/** The message of such a text. */
function rangeOf(written: string, of: Type): JsonObject {
  const bound = (value: string) => {
    if (value === "UNBOUNDED") return {};
    const micros = microsOf(`${value.slice(0, 10)}T${value.slice(11).replace("+00", "") || "00:00:00"}Z`);
    return toMessage(
      of.typeKind === "TYPE_DATE" ? new DuckDBDateValue(Number(micros / DAY)) : new DuckDBTimestampValue(micros),
      of,
    );
  };
  const [start = "", end = ""] = written.slice(1, -1).split(", ");
  return { start: bound(start), end: bound(end) };
}

const DAY = 86_400_000_000n;

type Field = NonNullable<Type["structType"]>["field"][number];

interface Kind {
  readonly type: DuckDBType;
  write(value: never): JsonObject;
  read(value: never): DuckDBValue;
}

const text = (type: DuckDBType, field: string): Kind => ({
  type,
  write: (value: string) => ({ [field]: value }),
  read: (value: string) => value,
});

const kinds: Readonly<Record<string, Kind>> = {
  TYPE_INT64: {
    type: BIGINT,
    write: (value: bigint) => ({ int64Value: String(value) }),
    read: (value: string) => BigInt(value),
  },
  TYPE_DOUBLE: {
    type: DOUBLE,
    write: (value: number) => ({ doubleValue: Number.isFinite(value) ? value : String(value) }),
    read: Number,
  },
  TYPE_NUMERIC: {
    type: DECIMAL(38, 9),
    write: ({ value }: DuckDBDecimalValue) => ({ numericValue: bytesOf(value, 16).toString("base64") }),
    read: (value: string) => new DuckDBDecimalValue(integerOf(Buffer.from(value, "base64")), 38, 9),
  },
  TYPE_BIGNUMERIC: {
    type: VARCHAR,
    write: (value: string) => ({ bignumericValue: bytesOf(BigInt(unitsOf(value)), 32).toString("base64") }),
    read: (value: string) => {
      const units = integerOf(Buffer.from(value, "base64"));
      const digits = String(units < 0n ? -units : units).padStart(PLACES + 1, "0");
      const decimal = `${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`.replace(/[.]?0+$/, "");
      return `${units < 0n ? "-" : ""}${decimal}`;
    },
  },
  TYPE_STRING: text(VARCHAR, "stringValue"),
  TYPE_JSON: text(VARCHAR, "jsonValue"),
  TYPE_RANGE: text(VARCHAR, "rangeValue"),
  TYPE_BOOL: { type: BOOLEAN, write: (value: boolean) => ({ boolValue: value }), read: (value: boolean) => value },
  TYPE_BYTES: {
    type: BLOB,
    write: ({ bytes }: DuckDBBlobValue) => ({ bytesValue: Buffer.from(bytes).toString("base64") }),
    read: (value: string) => new DuckDBBlobValue(Buffer.from(value, "base64")),
  },
  TYPE_DATE: {
    type: DATE,
    write: ({ days }: DuckDBDateValue) => ({ dateValue: days }),
    read: (value: number) => new DuckDBDateValue(value),
  },
  TYPE_TIMESTAMP: {
    type: TIMESTAMP,
    write: ({ micros }: DuckDBTimestampValue) => ({ timestampValue: isoOf(micros) }),
    read: (value: string) => new DuckDBTimestampValue(microsOf(value)),
  },
  TYPE_DATETIME: {
    type: TIMESTAMP,
    write: ({ micros }: DuckDBTimestampValue) => {
      const at = new Date(Number((micros - below(micros, 1_000_000n)) / 1000n));
      const day = (BigInt(at.getUTCFullYear()) << 9n) | BigInt(((at.getUTCMonth() + 1) << 5) | at.getUTCDate());
      const clock = BigInt((at.getUTCHours() << 12) | (at.getUTCMinutes() << 6) | at.getUTCSeconds());
      const bits = (day << 17n) | clock;
      return {
        datetimeValue: { bitFieldDatetimeSeconds: String(bits), nanos: Number(below(micros, 1_000_000n)) * 1000 },
      };
    },
    read: ({ bitFieldDatetimeSeconds, nanos = 0 }: { bitFieldDatetimeSeconds: string; nanos?: number }) => {
      const bits = BigInt(bitFieldDatetimeSeconds);
      const at = new Date(0);
      at.setUTCFullYear(Number(bits >> 26n), Number((bits >> 22n) & 15n) - 1, Number((bits >> 17n) & 31n));
      return new DuckDBTimestampValue(BigInt(at.getTime()) * 1000n + clockOf(bits & 0x1ffffn, nanos));
    },
  },
  TYPE_TIME: {
    type: TIME,
    write: ({ micros }: DuckDBTimeValue) => {
      const seconds = micros / 1_000_000n;
      const clock = ((seconds / 3600n) << 12n) | (((seconds / 60n) % 60n) << 6n) | (seconds % 60n);
      return { timeValue: String((clock << 30n) | ((micros % 1_000_000n) * 1000n)) };
    },
    read: (value: string) => new DuckDBTimeValue(clockOf(BigInt(value) >> 30n, Number(BigInt(value) & 0x3fffffffn))),
  },
  // 8 bytes of microseconds, 4 of days, and 4 in which the months are from bit 13 on, with the sign in the highest.
  TYPE_INTERVAL: {
    type: INTERVAL,
    write: ({ months, days, micros }: DuckDBIntervalValue) => {
      const sized = BigInt(Math.abs(months)) << 13n;
      const parts = [
        bytesOf(micros, 8),
        bytesOf(BigInt(days), 4),
        bytesOf(months < 0 ? sized | 0x80000000n : sized, 4),
      ];
      return { intervalValue: Buffer.concat(parts).toString("base64") };
    },
    read: (value: string) => {
      const bytes = Buffer.alloc(16);
      Buffer.from(value, "base64").copy(bytes);
      const last = bytes.readUInt32LE(12);
      const months = (last & 0x7fffffff) >>> 13;
      return new DuckDBIntervalValue(last >>> 31 ? -months : months, bytes.readInt32LE(8), bytes.readBigInt64LE(0));
    },
  },
};

/** The decimal places of a BIGNUMERIC. */
const PLACES = 38;

/** A decimal text as a whole number of the last place. */
function unitsOf(decimal: string): string {
  const [whole = "", part = ""] = decimal.split(".");
  return whole + part.padEnd(PLACES, "0");
}

/** The lowest byte first, as two's complement. */
function bytesOf(value: bigint, size: number): Buffer {
  return Buffer.from(
    BigInt.asUintN(size * 8, value)
      .toString(16)
      .padStart(size * 2, "0"),
    "hex",
  ).reverse();
}

function integerOf(bytes: Buffer): bigint {
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).reverse().toString("hex") || "0"}`));
}

/** The bits are, from the highest: 5 bits of the hour, 6 of the minute, 6 of the second. */
function clockOf(bits: bigint, nanos: number): bigint {
  const seconds = (bits >> 12n) * 3600n + ((bits >> 6n) & 63n) * 60n + (bits & 63n);
  return seconds * 1_000_000n + BigInt(Math.trunc(nanos / 1000));
}

function below(micros: bigint, unit: bigint): bigint {
  return ((micros % unit) + unit) % unit;
}

function isoOf(micros: bigint): string {
  const beyond = below(micros, 1_000_000n);
  const iso = new Date(Number((micros - beyond) / 1000n)).toISOString();
  return iso.replace(/[.]\d+Z$/, `.${String(beyond).padStart(6, "0")}Z`);
}

function microsOf(iso: string): bigint {
  const [, whole = iso, part = ""] = /^(.*?)(?:[.](\d+))?Z$/.exec(iso) ?? [];
  return BigInt(Date.parse(`${whole}Z`)) * 1000n + BigInt(part.slice(0, 6).padEnd(6, "0"));
}
