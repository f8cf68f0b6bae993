import type { AnalysisRule, JoinRestriction } from "../policy.ts";
import { type Instance, shortName, unitOf } from "./relation.ts";

/** An analysis rule in words, as explanations give it. */
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
      `differential privacy: noise for each ${noise.privacyUnitColumn}, epsilon up to ${noise.maxEpsilonPerQuery} a query, ${noise.epsilonBudget} in all`,
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

/** What a view with a privacy unit is read by: SELECT WITH this. */
export type Clause = "AGGREGATION_THRESHOLD" | "DIFFERENTIAL_PRIVACY";

export function clauseOf({ rule }: Instance): Clause {
  return rule.differentialPrivacy ? "DIFFERENTIAL_PRIVACY" : "AGGREGATION_THRESHOLD";
}

/** What BigQuery says where a view is read without its clause. */
export function clauseDemanded(instance: Instance): string {
  return `You must use SELECT WITH ${clauseOf(instance)} for this query because a privacy policy has been set by a data owner.`;
}

/** What to write for a view with a privacy unit. */
export function clauseAdvice(instance: Instance): string {
  return `Read ${shortName(instance.table)} by SELECT WITH ${clauseOf(instance)} …, ${counted(instance)} FROM … GROUP BY …, whose FROM may filter and join rows and do nothing else with them; what comes out of it can be ordered, filtered and joined by an outer SELECT.`;
}

/** How persons, or what else is protected, are counted. */
export function counted(instance: Instance): string {
  const unit = unitOf(instance.rule);
  return instance.rule.differentialPrivacy
    ? `COUNT(${unit}, contribution_bounds_per_group => (0, 1))`
    : `COUNT(DISTINCT ${unit})`;
}
