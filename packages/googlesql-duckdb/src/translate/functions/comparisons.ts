import type { Type } from "../../analyser/analyser.ts";
import { type Call, kindOf, only, operator, type Translate } from "../call.ts";
import { bind, orFail } from "../sql.ts";
import { sameFields } from "../structs.ts";

/** Comparisons and logic. Both compare texts by their bytes. */
export const comparisons: Readonly<Record<string, Translate>> = {
  $equal: equal,
  $not_equal: (call) => (structType(call) ? `(NOT ${equal(call)})` : equality("<>")(call)),
  $less: operator("<"),
  $less_or_equal: operator("<="),
  $greater: operator(">"),
  $greater_or_equal: operator(">="),
  $and: operator("AND"),
  $or: operator("OR"),
  $not: ({ args }) => `(NOT ${args[0]})`,
  $is_null: ({ args }) => `(${args[0]} IS NULL)`,
  $is_true: ({ args }) => `(${args[0]} IS TRUE)`,
  $is_false: ({ args }) => `(${args[0]} IS FALSE)`,
  $is_distinct_from: operator("IS DISTINCT FROM"),
  $is_not_distinct_from: operator("IS NOT DISTINCT FROM"),
  $between: ({ args: [value, low, high] }) => `(${value} BETWEEN ${low} AND ${high})`,
  $in: ({ args: [value, ...of] }) => `(${value} IN (${of.join(", ")}))`,
  $in_array: ({ args }) =>
    bind(
      args,
      (value, array) => `CASE WHEN coalesce(len(${array}), 0) = 0 THEN FALSE
        WHEN list_contains(${array}, ${value}) THEN TRUE
        WHEN ${value} IS NULL OR list_count(${array}) < len(${array}) THEN NULL ELSE FALSE END`,
    ),
  $like: only(["STRING"], ({ args, ...call }) =>
    bind(args, (value, pattern) =>
      orFail(
        // TRY does not catch this error of DuckDB.
        `NOT regexp_matches(${pattern}, '(?s)(^|[^\\\\])(\\\\\\\\)*\\\\$')`,
        [value, pattern],
        `(${value} LIKE ${pattern} ESCAPE '\\')`,
        "LIKE pattern ends with a backslash",
        call,
      ),
    ),
  ),
};

/** ARRAYs are refused: DuckDB takes NULLs in them for equal. */
function equality(sign: string): Translate {
  return (call) => (kindOf(call.nodes[0]) === "ARRAY" ? call.refuse("of ARRAY") : operator(sign)(call));
}

function equal(call: Call): string {
  const type = structType(call);
  if (type === undefined) return equality("=")(call);
  return bind(call.args, (one, other) => sameFields(type, one, other) ?? call.refuse("of STRUCTs in STRUCTs"));
}

function structType({ nodes }: Call): Type | undefined {
  return nodes.map(({ type }) => type as Type).find((type) => type.structType);
}
