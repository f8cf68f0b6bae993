import type { Type } from "../googlesql/analyser.ts";
import { fieldName } from "./types.ts";

/** A STRUCT of these values. */
export function struct(values: readonly string[]): string {
  return `{${values.map((value, at) => `${fieldName(at)}: ${value}`).join(", ")}}`;
}

/** A STRUCT's field by its place. */
export function field(value: string, at: number): string {
  return `(${value}).${fieldName(at)}`;
}

/**
 * Whether two STRUCTs are equal: NULL where a field is NULL and all others are equal, as DuckDB, to which NULLs are equal, does not
 * have it. Undefined for those that have others in them.
 */
export function sameFields({ structType }: Type, left: string, right: string): string | undefined {
  const fields = structType?.field ?? [];
  if (fields.some(({ fieldType }) => fieldType.structType || fieldType.arrayType)) return undefined;
  return `(${fields.map((_, at) => `${field(left, at)} = ${field(right, at)}`).join(" AND ")})`;
}

/** The functions that take STRUCTs as they are, and look at no more of them than sameFields does. */
export const takeStructs: ReadonlySet<string> = new Set([
  ...["$make_array", "array_length", "array_reverse", "array_concat", "array_first", "array_last"],
  ...["$array_at_offset", "$array_at_ordinal", "$safe_array_at_offset", "$safe_array_at_ordinal"],
  ...["$case_no_value", "if", "ifnull", "coalesce", "$is_null", "$equal", "$not_equal"],
  ...["count", "array_agg", "any_value", "to_json_string"],
]);
