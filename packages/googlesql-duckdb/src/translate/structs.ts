import type { Type } from "../analyser/types.ts";
import { fieldName } from "./types.ts";

/** Makes a STRUCT of values. */
export function struct(values: readonly string[]): string {
  return `{${values.map((value, at) => `${fieldName(at)}: ${value}`).join(", ")}}`;
}

/** Takes a field of a STRUCT by its position. */
export function field(value: string, at: number): string {
  return `(${value}).${fieldName(at)}`;
}

/**
 * Compares two STRUCTs field by field: the result is NULL if a field is NULL and all others are equal. DuckDB's own comparison takes
 * NULLs for equal. Undefined for STRUCTs that contain STRUCTs or ARRAYs.
 */
export function sameFields({ structType }: Type, left: string, right: string): string | undefined {
  const fields = structType?.field ?? [];
  if (fields.some(({ fieldType }) => fieldType.structType || fieldType.arrayType)) return undefined;
  return `(${fields.map((_, at) => `${field(left, at)} = ${field(right, at)}`).join(" AND ")})`;
}

/** Functions that accept STRUCTs: they pass them through, or compare them with sameFields. */
export const takeStructs: ReadonlySet<string> = new Set([
  ...["$make_array", "array_length", "array_reverse", "array_concat", "array_first", "array_last"],
  ...["$array_at_offset", "$array_at_ordinal", "$safe_array_at_offset", "$safe_array_at_ordinal"],
  ...["$case_no_value", "if", "ifnull", "coalesce", "$is_null", "$equal", "$not_equal", "$in", "$in_array"],
  ...["count", "array_agg", "any_value", "to_json_string"],
]);
