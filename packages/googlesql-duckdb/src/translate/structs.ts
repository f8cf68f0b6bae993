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
  ...["count", "array_agg", "any_value", "to_json_string", "contains_substr"],
]);

/** "RANGE" or "BIGNUMERIC": types that DuckDB holds as texts, which have another order. Undefined for another type. */
export function textual({ typeKind }: Type): "RANGE" | "BIGNUMERIC" | undefined {
  const kind = typeKind.slice("TYPE_".length);
  return kind === "RANGE" || kind === "BIGNUMERIC" ? kind : undefined;
}

/** Advice for a query that is refused because it orders such values or computes with them. */
export const insteadOfTextual = {
  RANGE: "Use RANGE_START(x) and RANGE_END(x).",
  BIGNUMERIC: "CAST it to NUMERIC or FLOAT64.",
};

/** Functions that accept them: they pass them through, or tell whether they are equal. */
export const takeTextual: ReadonlySet<string> = new Set([
  ...[
    "$make_array",
    "$equal",
    "$not_equal",
    "$in",
    "$in_array",
    "$is_null",
    "$is_distinct_from",
    "$is_not_distinct_from",
  ],
  ...["$case_no_value", "$case_with_value", "if", "ifnull", "nullif", "coalesce", "typeof"],
  ...[
    "to_json",
    "to_json_string",
    "format",
    "array_includes",
    "count",
    "array_agg",
    "any_value",
    "approx_count_distinct",
  ],
  ...["range_start", "range_end", "range_contains", "range_overlaps", "range_intersect", "generate_range_array"],
]);
