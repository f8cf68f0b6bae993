import { listOf, type Node } from "../../analyser/node.ts";
import type { Type } from "../../analyser/types.ts";
import { type Call, kindOf, only, operator, type Translate } from "../call.ts";
import { literal, type Value } from "../literals.ts";
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
  $in: (call) => {
    const [value, ...of] = call.args;
    const type = structType(call);
    if (type === undefined) return `(${value} IN (${of.join(", ")}))`;
    return bind(
      call.args,
      (one, ...others) => `(${others.map((other) => fieldsEqual(call, type, one as string, other)).join(" OR ")})`,
    );
  },
  $in_array: (call) => {
    const type = structType(call);
    if (type) return inStructs(call, type);
    // DuckDB looks a value up in a list of constants, and searches an array from its start for each row.
    const written = elementsOf(call.nodes[1]);
    if (written.length > 0) return `(${call.args[0]} IN (${written.join(", ")}))`;
    return bind(
      call.args,
      (value, array) => `CASE WHEN coalesce(len(${array}), 0) = 0 THEN FALSE
        WHEN list_contains(${array}, ${value}) THEN TRUE
        WHEN ${value} IS NULL OR list_count(${array}) < len(${array}) THEN NULL ELSE FALSE END`,
    );
  },
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
  return bind(call.args, (one, other) => fieldsEqual(call, type, one as string, other as string));
}

function fieldsEqual(call: Call, type: Type, one: string, other: string): string {
  return sameFields(type, one, other) ?? call.refuse("of STRUCTs in STRUCTs");
}

/** Whether a STRUCT is in an array. Like a list of comparisons joined by OR, it is NULL if none is true and one is NULL. */
function inStructs(call: Call, type: Type): string {
  return bind(call.args, (value, array) => {
    const alike = `list_transform(coalesce(${array}, []), lambda e: ${fieldsEqual(call, type, "e", value as string)})`;
    return bind(
      [alike],
      (found) => `CASE WHEN list_contains(${found}, TRUE) THEN TRUE
      WHEN list_count(${found}) < len(${found}) THEN NULL ELSE FALSE END`,
    );
  });
}

/** The elements of an array that the query writes out, in DuckDB's SQL; none for any other array. */
function elementsOf(array: Node | undefined): readonly string[] {
  const of = (array?.type as Type | undefined)?.arrayType?.elementType;
  const written = (array?.value as { value?: { arrayValue?: { element?: Value[] } } } | undefined)?.value?.arrayValue;
  if (array?.kind !== "Literal" || of === undefined) return [];
  return listOf<Value>(written?.element).flatMap((element) => literal(element, of) ?? []);
}

function structType({ nodes }: Call): Type | undefined {
  return nodes.map(({ type }) => type as Type).find((type) => type.structType);
}
