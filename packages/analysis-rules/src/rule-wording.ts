import type { AnalysisRule, JoinRestriction } from "./policy.ts";
import { type Instance, unitOf } from "./relation.ts";
import { shortName } from "./room.ts";

/** An analysis rule in words, for explanations. */
export function ruleInWords({
  aggregationThreshold: threshold,
  differentialPrivacy: noise,
  joinRestriction: join,
}: AnalysisRule): string {
  const parts: string[] = [];
  if (threshold)
    parts.push(
      `aggregation threshold: groups of at least ${threshold.threshold} distinct ${threshold.privacyUnitColumn}`,
    );
  if (noise)
    parts.push(
      `differential privacy: noise for each ${noise.privacyUnitColumn}, epsilon up to ${noise.maxEpsilonPerQuery} and delta ${noise.deltaPerQuery} a query, epsilon ${noise.epsilonBudget} and delta ${noise.deltaBudget} in all`,
    );
  if (join) parts.push(`${parts.length === 0 ? "list overlap" : "join restriction"}: ${joinInWords(join)}`);
  return parts.join("; ");
}

function joinInWords({ condition, columns }: JoinRestriction): string {
  const list = columns.join(", ");
  switch (condition) {
    case "JOIN_ANY":
      return `must be joined on ${columns.length > 1 ? "one of " : ""}${list}`;
    case "JOIN_ALL":
      return `must be joined on ${columns.length > 1 ? "all of " : ""}${list}`;
    case "JOIN_NOT_REQUIRED":
      return `may be joined on ${list} only`;
    case "JOIN_BLOCKED":
      return "must not be joined";
  }
}

/** The privacy clause of GoogleSQL, as in SELECT WITH AGGREGATION_THRESHOLD. */
export type Clause = "AGGREGATION_THRESHOLD" | "DIFFERENTIAL_PRIVACY";

/** The clause that reads a view with a privacy unit. */
export function clauseOf({ rule }: Instance): Clause {
  return rule.differentialPrivacy ? "DIFFERENTIAL_PRIVACY" : "AGGREGATION_THRESHOLD";
}

/** BigQuery's message for a view that is read without its clause. */
export function clauseDemanded(instance: Instance): string {
  return `You must use SELECT WITH ${clauseOf(instance)} for this query because a privacy policy has been set by a data owner.`;
}

/** The form of query that reads a view with a privacy unit. */
export function clauseAdvice(instance: Instance): string {
  return `Write SELECT WITH ${clauseOf(instance)} …, ${counted(instance)} FROM ${shortName(instance.table)} … GROUP BY …. Its FROM may only filter and join rows; an outer SELECT may order, filter and join the result.`;
}

/** The aggregate that counts a view's privacy units. */
export function counted(instance: Instance): string {
  const unit = unitOf(instance.rule);
  return instance.rule.differentialPrivacy
    ? `COUNT(${unit}, contribution_bounds_per_group => (0, 1))`
    : `COUNT(DISTINCT ${unit})`;
}
