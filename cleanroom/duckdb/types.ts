import type { Type } from "../googlesql/analyser.ts";

/** DuckDB's type for GoogleSQL's; undefined for one that is not supported. TIMESTAMP is as the tables have it: without a zone, in UTC. */
export function duckDbType(type: Type): string | undefined {
  if (type.typeKind !== "TYPE_ARRAY") return scalars[type.typeKind];
  const element = type.arrayType && scalars[type.arrayType.elementType.typeKind];
  return element && `${element}[]`;
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
};

/** What GoogleSQL calls a type: "INT64", "ARRAY<STRING>", "STRUCT<a INT64>". */
export function typeName({ typeKind, arrayType, structType }: Type): string {
  if (arrayType) return `ARRAY<${typeName(arrayType.elementType)}>`;
  if (structType) {
    const fields = structType.field.map(({ fieldName, fieldType }) => `${fieldName} ${typeName(fieldType)}`.trim());
    return `STRUCT<${fields.join(", ")}>`;
  }
  const kind = typeKind.slice("TYPE_".length);
  return kind === "DOUBLE" ? "FLOAT64" : kind === "FLOAT" ? "FLOAT32" : kind;
}
