import type { Node } from "../analyser/node.ts";
import { kindOf, type TranslateAggregate } from "./call.ts";
import { bind, finite } from "./sql.ts";
import { isNested } from "./types.ts";

/** Quantiles and the most frequent values. */
export const quantiles: Readonly<Record<string, TranslateAggregate>> = {
  // BigQuery's are approximate, so the exact ones are a valid answer.
  approx_quantiles: ({ distinct, args: [value], ...call }) => {
    const count = written(call.nodes[1]) ?? call.refuse("into a number that is not written out");
    if (count < 1 || count > 10_000) call.refuse(`into ${count}`, "Write a number from 1 to 10,000.");
    const shares = Array.from({ length: count + 1 }, (_, at) => at / count);
    return `quantile_disc(${distinct}${value}, [${shares.join(", ")}])`;
  },
  // Exact, too. Of equally frequent values the greater ones come first.
  approx_top_count: ({ args: [value], distinct, ...call }) => {
    const count = written(call.nodes[1]) ?? call.refuse("with a number that is not written out");
    if (
      count < 1 ||
      count > 10_000 ||
      distinct ||
      isNested(call.type.arrayType?.elementType.structType?.field[0]?.fieldType ?? call.type)
    )
      return call.refuse("of such values", "Write GROUP BY the value, ORDER BY COUNT(*) DESC and LIMIT.");
    const none = `count(*) FILTER (WHERE ${value} IS NULL)`;
    return bind([`coalesce(map_entries(histogram(${value})), [])`, none, "count(*)"], (found, nulls, rows) => {
      const all = `(list_transform(${found}, lambda e: {n: CAST(e.value AS BIGINT), v: e.key})
        || CASE WHEN ${nulls} > 0 THEN [{n: ${nulls}, v: NULL}] ELSE [] END)`;
      const first = `list_reverse_sort(${all})[1:${count}]`;
      return `CASE WHEN ${rows} > 0 THEN list_transform(${first}, lambda e: {f0: e.v, f1: e.n}) END`;
    });
  },
  percentile_cont: ({ args, over, ...call }) => {
    if (kindOf(call.nodes[0]) !== "DOUBLE") call.refuse(`of ${kindOf(call.nodes[0])}`, "CAST the argument to FLOAT64.");
    return finite(
      `quantile_cont(${args[0]}, ${share(call.nodes[1]) ?? call.refuse("at such a share", "Write a number from 0 to 1.")})${over}`,
      call,
    );
  },
  percentile_disc: ({ args, over, ...call }) =>
    `quantile_disc(${args[0]}, ${share(call.nodes[1]) ?? call.refuse("at such a share", "Write a number from 0 to 1.")})${over}`,
};

/** The value of a literal whole number. */
function written(node: Node | undefined): number | undefined {
  const { int64Value } = (node?.value as { value?: { int64Value?: string } } | undefined)?.value ?? {};
  return int64Value === undefined ? undefined : Number(int64Value);
}

/** A literal share from 0 to 1, with all its digits: the FLOAT64 0.1 is slightly more than a tenth. */
function share(node: Node | undefined): string | undefined {
  const { doubleValue } = (node?.value as { value?: { doubleValue?: number } } | undefined)?.value ?? {};
  return typeof doubleValue === "number" && doubleValue >= 0 && doubleValue <= 1 ? doubleValue.toFixed(22) : undefined;
}
