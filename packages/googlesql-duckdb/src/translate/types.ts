import { listOf } from "../analyser/node.ts";
import type { Type } from "../analyser/types.ts";

type Field = NonNullable<Type["structType"]>["field"][number];

/** DuckDB's type for one of GoogleSQL; undefined if it is not supported. A TIMESTAMP is in UTC, in DuckDB's type without a zone. */
export function duckDbType(type: Type): string | undefined {
  if (type.structType)
    return structType(listOf<Field>(type.structType.field).map(({ fieldType }) => duckDbType(fieldType)));
  if (type.arrayType === undefined) return scalars[type.typeKind];
  const element = duckDbType(type.arrayType.elementType);
  return element && `${element}[]`;
}

/** Fields of a STRUCT are named by their positions, because in GoogleSQL several may have one name, or none. */
function structType(fields: readonly (string | undefined)[]): string | undefined {
  if (fields.length === 0 || fields.includes(undefined)) return undefined;
  return `STRUCT(${fields.map((type, at) => `${fieldName(at)} ${type}`).join(", ")})`;
}

/** The name in DuckDB of the field at a position of a STRUCT. */
export function fieldName(at: number): string {
  return `f${at}`;
}

/** Whether a type is a STRUCT or an ARRAY. */
export function isNested(type: Type): boolean {
  return type.structType !== undefined || type.arrayType !== undefined;
}

/** Whether a type is or contains a STRUCT. */
export function hasStruct({ structType: of, arrayType }: Type): boolean {
  return of !== undefined || (arrayType !== undefined && hasStruct(arrayType.elementType));
}

const scalars: Readonly<Record<string, string>> = {
  TYPE_INT64: "BIGINT",
  TYPE_DOUBLE: "DOUBLE",
  TYPE_NUMERIC: "DECIMAL(38, 9)",
  TYPE_STRING: "VARCHAR",
  TYPE_BYTES: "BLOB",
  TYPE_BOOL: "BOOLEAN",
  TYPE_DATE: "DATE",
  TYPE_TIMESTAMP: "TIMESTAMP",
  TYPE_DATETIME: "TIMESTAMP",
  TYPE_TIME: "TIME",
  TYPE_INTERVAL: "INTERVAL",
  // The texts as GoogleSQL writes them.
  TYPE_JSON: "VARCHAR",
  TYPE_RANGE: "VARCHAR",
  TYPE_BIGNUMERIC: "VARCHAR",
};

/** GoogleSQL's name of a type: "INT64", "ARRAY<STRING>", "STRUCT<a INT64>". */
export function typeName({ typeKind, arrayType, rangeType, structType }: Type): string {
  if (rangeType) return `RANGE<${typeName(rangeType.elementType)}>`;
  if (arrayType) return `ARRAY<${typeName(arrayType.elementType)}>`;
  if (structType) {
    const fields = (structType.field ?? []).map(({ fieldName, fieldType }) =>
      `${fieldName} ${typeName(fieldType)}`.trim(),
    );
    return `STRUCT<${fields.join(", ")}>`;
  }
  const kind = typeKind.slice("TYPE_".length);
  return kind === "DOUBLE" ? "FLOAT64" : kind === "FLOAT" ? "FLOAT32" : kind;
}
