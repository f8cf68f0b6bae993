import type { DuckDBIntervalValue } from "@duckdb/node-api";
import { type CatalogTable, catalogJson, languageOf } from "../src/analyser/analyser.ts";
import { listOf } from "../src/analyser/node.ts";
import type { Json, JsonObject } from "../src/analyser/protobuf.ts";
import { startService } from "../src/analyser/service.ts";
import type { ColumnKind, Type } from "../src/analyser/types.ts";
import { ofMessage } from "../src/evaluate/values.ts";

/** A value in a table of a test. INT64, NUMERIC, DATE ("2024-02-29") and TIMESTAMP ("2024-02-29T12:00:00.000001Z") are texts. */
export type Cell = string | number | boolean | null;

export interface Filled extends CatalogTable {
  readonly rows: readonly (readonly Cell[])[];
}

/** Google's reference implementation of GoogleSQL: slow, and correct by definition. */
export interface Reference {
  /** The rows of the answer, with values in the form of `plainValue`. Throws SqlError. */
  ask(sql: string): unknown[][];
}

export async function loadReference(tables: readonly Filled[], unpacked: string): Promise<Reference> {
  const service = await startService(unpacked);
  const languageOptions = languageOf(service);
  const content = tables.flatMap(({ paths, columns, rows }) => {
    const row = rows.map((cells) => ({
      cell: cells.map((cell, at) => valueJson(cell, columns[at]?.kind as ColumnKind)),
    }));
    return paths.map((path) => [path.join("."), { tableData: { row } }] as const);
  });
  const { registeredId } = service.call("RegisterCatalog", {
    simpleCatalog: { ...catalogJson(tables), builtinFunctionOptions: { languageOptions } },
    descriptorPoolList: { definitions: [{ builtin: {} }] },
    tableContent: Object.fromEntries(content),
  });
  const options = service.message("zetasql.AnalyzerOptionsProto", {
    languageOptions,
    defaultTimezone: "UTC",
    errorMessageMode: "ERROR_MESSAGE_ONE_LINE",
    enabledRewrites: ["REWRITE_PIVOT", "REWRITE_UNPIVOT", "REWRITE_LIKE_ANY_ALL"],
  });
  return {
    ask(sql) {
      const request = { registeredCatalogId: registeredId as string, sql };
      const { content: answer, prepared } = service.call("EvaluateQuery", request, { options }) as unknown as {
        content?: { tableData?: { row?: { cell: JsonObject[] }[] } };
        prepared: { columns: { type: Type }[] };
      };
      return listOf<{ cell: JsonObject[] }>(answer?.tableData?.row).map(({ cell }) =>
        cell.map((value, at) => plainValue(value, prepared.columns[at]?.type as Type)),
      );
    },
  };
}

function valueJson(cell: Cell, kind: ColumnKind): JsonObject {
  if (cell === null) return {};
  switch (kind) {
    case "FLOAT64":
      return { doubleValue: cell };
    case "DATE":
      return { dateValue: Date.parse(`${cell}T00:00:00Z`) / 86_400_000 };
    case "NUMERIC":
      return { numericValue: numericBytes(String(cell)) };
    default:
      return { [`${kind.toLowerCase()}Value`]: cell as Json };
  }
}

function numericBytes(text: string): string {
  const [whole = "", part = ""] = text.replace("-", "").split(".");
  const units = BigInt(whole + part.padEnd(9, "0")) * (text.startsWith("-") ? -1n : 1n);
  const hex = BigInt.asUintN(128, units).toString(16).padStart(32, "0");
  return Buffer.from(hex, "hex").reverse().toString("base64");
}

/**
 * A value of the tree in a form to compare: INT64 as the text "5", FLOAT64 as a number, DATE, TIMESTAMP and DATETIME as in `Cell`, BYTES
 * in hex, INTERVAL as months, days and microseconds, ARRAY and STRUCT as lists.
 */
function plainValue(value: JsonObject, type: Type): unknown {
  if (Object.keys(value).length === 0) return null;
  if (type.rangeType || type.typeKind === "TYPE_BIGNUMERIC") return ofMessage(value, type);
  if (type.arrayType) {
    const elementType = type.arrayType.elementType;
    return listOf<JsonObject>((value.arrayValue as JsonObject).element).map((each) => plainValue(each, elementType));
  }
  if (type.structType) {
    const fields = type.structType.field;
    return listOf<JsonObject>((value.structValue as JsonObject).field).map((each, at) =>
      plainValue(each, fields[at]?.fieldType as Type),
    );
  }
  const [only] = Object.values(value);
  switch (type.typeKind) {
    case "TYPE_DOUBLE":
      return Number(only);
    case "TYPE_DATE":
      return new Date(Number(only) * 86_400_000).toISOString().slice(0, 10);
    case "TYPE_TIMESTAMP":
      return String(only).replace(/(?:[.](\d+))?Z$/, (_, part = "") => `.${part.padEnd(6, "0")}Z`);
    case "TYPE_DATETIME": {
      const { bitFieldDatetimeSeconds, nanos } = only as { bitFieldDatetimeSeconds: string; nanos: number };
      const bits = BigInt(bitFieldDatetimeSeconds);
      const date = [String(bits >> 26n).padStart(4, "0"), two((bits >> 22n) & 15n), two((bits >> 17n) & 31n)];
      return `${date.join("-")}T${clock(bits & 0x1ffffn, nanos)}Z`;
    }
    case "TYPE_TIME":
      return clock(BigInt(String(only)) >> 30n, Number(BigInt(String(only)) & 0x3fffffffn));
    case "TYPE_NUMERIC":
      return numericText(Buffer.from(String(only), "base64"));
    case "TYPE_INTERVAL": {
      const { months, days, micros } = ofMessage(value, type) as DuckDBIntervalValue;
      return [months, days, String(micros)];
    }
    case "TYPE_BYTES":
      return Buffer.from(String(only), "base64").toString("hex");
    default:
      return only;
  }
}

/** Writes "12:34:56.789012" from 5 bits of the hour, 6 of the minute and 6 of the second. */
function clock(bits: bigint, nanos: number): string {
  const time = [bits >> 12n, (bits >> 6n) & 63n, bits & 63n].map(two).join(":");
  return `${time}.${String(nanos / 1000).padStart(6, "0")}`;
}

function two(part: bigint): string {
  return String(part).padStart(2, "0");
}

function numericText(bytes: Buffer): string {
  const units = BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).reverse().toString("hex") || "0"}`));
  return decimalText(units);
}

/** Writes a whole number of 10⁻⁹ as a decimal with nine places. */
export function decimalText(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(10, "0");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
