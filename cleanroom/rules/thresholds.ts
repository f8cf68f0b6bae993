import { type Node, unknownFields } from "../googlesql/tree.ts";
import { functionName } from "./expressions.ts";
import type { Options } from "./options.ts";
import { type Instance, shortName } from "./relation.ts";
import type { Walk } from "./walk.ts";

/** The threshold in force: the highest of the views', or a higher one from OPTIONS. */
export function thresholdOf(raw: readonly Instance[], { threshold, node }: Options, walk: Walk): number {
  const demands = raw.flatMap(({ table, rule: { aggregationThreshold: rule } }) =>
    rule ? [{ table, least: rule.threshold }] : [],
  );
  const [strictest] = demands.sort((one, other) => other.least - one.least);
  if (threshold === undefined) {
    if (strictest) return strictest.least;
    throw walk.refusal(
      "options",
      "The option threshold must be given: no table of this query has a privacy policy.",
      "Write OPTIONS(threshold=50, privacy_unit_column=the_column).",
    );
  }
  if (strictest && threshold < strictest.least)
    throw walk.refusal(
      "options",
      `Threshold is too low: ${threshold}, policy for table ${shortName(strictest.table)} demands at least ${strictest.least}`,
      "Leave the option out, or give a higher one.",
      node,
    );
  return threshold;
}

/** The aggregates that an aggregation threshold allows, as the analyser calls them. */
const allowed = new Set([
  ...["count", "$count_star", "countif", "sum", "avg", "approx_count_distinct", "logical_and", "logical_or"],
  ...["stddev_pop", "stddev_samp", "var_pop", "var_samp", "covar_pop", "covar_samp"],
]);

/** Refuses an aggregate that an aggregation threshold does not allow, or one with a modifier that picks single rows. */
export function checkAggregate(call: Node, walk: Walk): void {
  const name = functionName(call) ?? call.kind;
  const refused = (what: string, advice: string) =>
    walk.refusal(
      "allowed aggregates",
      `${what} is not supported in SELECT WITH AGGREGATION_THRESHOLD queries`,
      advice,
      call,
    );
  if (call.kind !== "AggregateFunctionCall" || !allowed.has(name))
    throw refused(
      `Aggregate function ${name.toUpperCase()}`,
      "Use COUNT, COUNTIF, SUM, AVG, APPROX_COUNT_DISTINCT, LOGICAL_AND, LOGICAL_OR, STDDEV, VARIANCE, COVAR_POP or COVAR_SAMP.",
    );
  const known = ["function", "argumentList", "type", "errorMode", "distinct", "nullHandlingModifier"];
  const [modifier] = unknownFields(call, known);
  if (modifier !== undefined || call.nullHandlingModifier !== "DEFAULT_NULL_HANDLING")
    throw refused(`A modifier of aggregate function ${name.toUpperCase()}`, "Of the modifiers, use DISTINCT only.");
}
