import { listOf } from "../../analyser/node.ts";
import { kindOf, same, type Translate } from "../call.ts";
import { bind, orFail } from "../sql.ts";

export const arrays: Readonly<Record<string, Translate>> = {
  $make_array: ({ args }) => `[${args.join(", ")}]`,
  array_length: same("len"),
  array_reverse: same("list_reverse"),
  array_includes: (call) => {
    const [array, value] = call.args as [string, string];
    if (call.nodes.some(({ kind }) => kind === "InlineLambda") || call.nodes.length > 2) call.refuse("with a function");
    if (kindOf(call.nodes[1]) === "ARRAY") call.refuse("with an ARRAY to search for");
    return bind([array, value], (list, v) => `CASE WHEN ${v} IS NOT NULL THEN list_contains(${list}, ${v}) END`);
  },
  range_bucket: (call) => {
    const limits = listOf<{ int64Value?: string; doubleValue?: number }>(
      (call.nodes[1]?.value as { value?: { arrayValue?: { element?: unknown } } } | undefined)?.value?.arrayValue
        ?.element,
    ).map(({ int64Value, doubleValue }) => Number(int64Value ?? doubleValue));
    if (limits.length === 0 || limits.some((limit, at) => !Number.isFinite(limit) || limit < (limits[at - 1] ?? limit)))
      call.refuse("of anything but literal numbers in ascending order");
    return bind(
      call.args,
      (value, list) => `CASE WHEN ${value} IS NOT NULL THEN len(list_filter(${list}, lambda e: e <= ${value})) END`,
    );
  },
  $array_at_offset: element(0, false),
  $array_at_ordinal: element(1, false),
  $safe_array_at_offset: element(0, true),
  $safe_array_at_ordinal: element(1, true),
};

/** An element by its position. DuckDB counts from 1, and negative positions from the end. */
function element(first: 0 | 1, safely: boolean): Translate {
  return ({ args, ...call }) =>
    bind(args, (array, at) => {
      const isIn = `${at} >= ${first} AND ${at} < len(${array}) + ${first}`;
      const taken = `${array}[${at} + ${1 - first}]`;
      return orFail(isIn, [array, at], taken, "an array index out of bounds", { safe: safely || call.safe });
    });
}
