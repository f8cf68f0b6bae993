/*
 * Analysis rules as data: the same as the option `privacy_policy` of a BigQuery view. A rule names columns of its view. This file imports
 * nothing, so that a program that only declares rules installs neither DuckDB nor the analyser.
 * https://cloud.google.com/bigquery/docs/analysis-rules
 */

/** Answers show only groups with enough distinct privacy units. */
export interface AggregationThreshold {
  /** The fewest distinct units of a group that is shown. */
  readonly threshold: number;
  /** The column that identifies the person, or another privacy unit. */
  readonly privacyUnitColumn: string;
}

/** Answers are noisy, and each spends part of a budget. */
export interface DifferentialPrivacy {
  /** The column that identifies a person. */
  readonly privacyUnitColumn: string;
  /** The most epsilon that one query may spend. */
  readonly maxEpsilonPerQuery: number;
  /** The epsilon that all queries together may spend. */
  readonly epsilonBudget: number;
  /** The delta that each query spends. */
  readonly deltaPerQuery: number;
  /** The delta that all queries together may spend. */
  readonly deltaBudget: number;
  /** The most groups of one answer in which a unit counts. @default BigQuery's default */
  readonly maxGroupsContributed?: number;
}

/** The conditions of a join restriction. */
export const joinConditions = ["JOIN_ANY", "JOIN_ALL", "JOIN_NOT_REQUIRED", "JOIN_BLOCKED"] as const;

/** Whether the view may or must be joined, and on which columns. Without another rule it is a list overlap. */
export interface JoinRestriction {
  readonly condition: (typeof joinConditions)[number];
  /** Empty for JOIN_BLOCKED, at least one otherwise. */
  readonly columns: readonly string[];
}

/** The analysis rule of a view: an aggregation threshold or differential privacy, with or without a join restriction, or that alone. */
export interface AnalysisRule {
  readonly aggregationThreshold?: AggregationThreshold;
  readonly differentialPrivacy?: DifferentialPrivacy;
  readonly joinRestriction?: JoinRestriction;
}

/** The kinds of rules. BigQuery cannot change the kind of a view's rule. */
export const ruleKinds = ["aggregation_threshold", "differential_privacy", "list_overlap"] as const;
/** A kind of rule. */
export type RuleKind = (typeof ruleKinds)[number];

/**
 * The kind of a rule that `checkRule` accepts.
 * @example
 * ruleKind({ aggregationThreshold: { threshold: 50, privacyUnitColumn: "email" } }); // "aggregation_threshold"
 */
export function ruleKind({ aggregationThreshold, differentialPrivacy }: AnalysisRule): RuleKind {
  if (aggregationThreshold) return "aggregation_threshold";
  return differentialPrivacy ? "differential_privacy" : "list_overlap";
}

/**
 * Finds everything in a rule that BigQuery would refuse or that would leave the view unprotected. An empty list means that the rule is
 * valid; otherwise each sentence names a field, its value and what to use instead.
 * @param columns the columns of the view
 * @example
 * checkRule({ joinRestriction: { condition: "JOIN_ANY", columns: ["id"] } }, ["email", "city"]);
 * // ['joinColumns has "id", which the view does not have: use some of email, city']
 */
export function checkRule(rule: AnalysisRule, columns: readonly string[]): string[] {
  const { aggregationThreshold: threshold, differentialPrivacy: privacy, joinRestriction: join } = rule;
  if (threshold && privacy)
    return ["has an aggregation threshold and differential privacy: BigQuery takes one of the two"];
  if (!threshold && !privacy && !join)
    return ["has no rule, and a view without one shows every row: give it a threshold, a budget or a join restriction"];
  const list = columns.join(", ");
  return [
    ...(threshold ? checkThreshold(threshold) : []),
    ...(privacy ? checkPrivacy(privacy) : []),
    ...[threshold, privacy].flatMap((policy) =>
      policy && !columns.includes(policy.privacyUnitColumn)
        ? [`privacyUnitColumn is "${policy.privacyUnitColumn}", which the view does not have: use one of ${list}`]
        : [],
    ),
    ...(join ? checkJoin(join, columns, !threshold && !privacy) : []),
  ];
}

function checkThreshold({ threshold }: AggregationThreshold): string[] {
  // JSON would change a larger number.
  const right = Number.isSafeInteger(threshold) && threshold >= 1;
  return right ? [] : [`threshold is ${threshold}: use a whole number from 1`];
}

function checkPrivacy(policy: DifferentialPrivacy): string[] {
  const { maxEpsilonPerQuery, epsilonBudget, deltaPerQuery, deltaBudget, maxGroupsContributed } = policy;
  const ranges = [
    ["maxEpsilonPerQuery", maxEpsilonPerQuery, 0.001, 1e15],
    ["epsilonBudget", epsilonBudget, 0.001, 1e15],
    ["deltaPerQuery", deltaPerQuery, 1e-15, 1],
    ["deltaBudget", deltaBudget, 1e-15, 1000],
  ] as const;
  const wrong = ranges
    .filter(([, value, min, max]) => !(value >= min && value <= max))
    .map(([name, value, min, max]) => `${name} is ${value}: BigQuery takes ${min} to ${max}`);
  if (wrong.length === 0 && epsilonBudget <= maxEpsilonPerQuery)
    wrong.push(`epsilonBudget is ${epsilonBudget}: BigQuery wants it above maxEpsilonPerQuery, ${maxEpsilonPerQuery}`);
  if (wrong.length === 0 && deltaBudget <= deltaPerQuery)
    wrong.push(`deltaBudget is ${deltaBudget}: BigQuery wants it above deltaPerQuery, ${deltaPerQuery}`);
  if (maxGroupsContributed !== undefined && !(Number.isSafeInteger(maxGroupsContributed) && maxGroupsContributed >= 0))
    wrong.push(`maxGroupsContributed is ${maxGroupsContributed}: BigQuery takes a whole number from 0`);
  return wrong;
}

function checkJoin({ condition, columns: allowed }: JoinRestriction, columns: readonly string[], alone: boolean) {
  const wrong: string[] = [];
  const unknown = allowed.filter((name) => !columns.includes(name));
  if (unknown.length > 0)
    wrong.push(
      `joinColumns has "${unknown.join('", "')}", which the view does not have: use some of ${columns.join(", ")}`,
    );
  if (new Set(allowed).size < allowed.length) wrong.push(`joinColumns has a column twice: ${allowed.join(", ")}`);
  if (alone && condition !== "JOIN_ANY" && condition !== "JOIN_ALL")
    wrong.push(
      `joinCondition is ${condition} with no other rule: a list overlap is JOIN_ANY or JOIN_ALL, any other condition would show every row`,
    );
  if (condition === "JOIN_BLOCKED") {
    if (allowed.length > 0)
      wrong.push(`joinCondition is JOIN_BLOCKED, which allows no joinColumns, and has ${allowed.join(", ")}`);
  } else if (allowed.length === 0)
    wrong.push(`At least one allowed column must be specified with join_condition = '${condition}'.`);
  return wrong;
}

/**
 * The rule as JSON, for the option `privacy_policy` of BigQuery's DDL.
 * @example
 * privacyPolicy({ joinRestriction: { condition: "JOIN_ANY", columns: ["email"] } });
 * // '{"join_restriction_policy":{"join_condition":"JOIN_ANY","join_allowed_columns":["email"]}}'
 */
export function privacyPolicy({ aggregationThreshold, differentialPrivacy, joinRestriction }: AnalysisRule): string {
  return JSON.stringify({
    ...(aggregationThreshold && {
      aggregation_threshold_policy: {
        threshold: aggregationThreshold.threshold,
        privacy_unit_column: aggregationThreshold.privacyUnitColumn,
      },
    }),
    ...(differentialPrivacy && {
      differential_privacy_policy: {
        privacy_unit_column: differentialPrivacy.privacyUnitColumn,
        max_epsilon_per_query: differentialPrivacy.maxEpsilonPerQuery,
        epsilon_budget: differentialPrivacy.epsilonBudget,
        delta_per_query: differentialPrivacy.deltaPerQuery,
        delta_budget: differentialPrivacy.deltaBudget,
        ...(differentialPrivacy.maxGroupsContributed !== undefined && {
          max_groups_contributed: differentialPrivacy.maxGroupsContributed,
        }),
      },
    }),
    ...(joinRestriction && {
      join_restriction_policy: {
        join_condition: joinRestriction.condition,
        ...(joinRestriction.columns.length > 0 && { join_allowed_columns: joinRestriction.columns }),
      },
    }),
  });
}

/** The field `view.privacyPolicy` of BigQuery's REST resource, without its output-only fields such as the remaining budgets. */
export interface RestPolicy {
  readonly aggregationThresholdPolicy?: {
    readonly threshold?: string | number;
    readonly privacyUnitColumns?: readonly string[];
  };
  readonly differentialPrivacyPolicy?: {
    readonly privacyUnitColumn?: string;
    readonly maxEpsilonPerQuery?: number;
    readonly epsilonBudget?: number;
    readonly deltaPerQuery?: number;
    readonly deltaBudget?: number;
    readonly maxGroupsContributed?: string | number;
  };
  readonly joinRestrictionPolicy?: {
    readonly joinCondition?: string;
    readonly joinAllowedColumns?: readonly string[];
  };
}

/**
 * The rule of a view from BigQuery's REST resource. A field that the resource leaves out becomes "" or NaN, which `checkRule` rejects.
 * @example
 * ruleOf({ joinRestrictionPolicy: { joinCondition: "JOIN_ANY", joinAllowedColumns: ["email"] } });
 * // { joinRestriction: { condition: "JOIN_ANY", columns: ["email"] } }
 */
export function ruleOf(policy: RestPolicy = {}): AnalysisRule {
  const {
    aggregationThresholdPolicy: threshold,
    differentialPrivacyPolicy: privacy,
    joinRestrictionPolicy: join,
  } = policy;
  const groups = privacy?.maxGroupsContributed;
  return {
    ...(threshold && {
      aggregationThreshold: {
        threshold: Number(threshold.threshold),
        privacyUnitColumn: threshold.privacyUnitColumns?.join() ?? "",
      },
    }),
    ...(privacy && {
      differentialPrivacy: {
        privacyUnitColumn: privacy.privacyUnitColumn ?? "",
        maxEpsilonPerQuery: Number(privacy.maxEpsilonPerQuery),
        epsilonBudget: Number(privacy.epsilonBudget),
        deltaPerQuery: Number(privacy.deltaPerQuery),
        deltaBudget: Number(privacy.deltaBudget),
        ...(groups !== undefined && { maxGroupsContributed: Number(groups) }),
      },
    }),
    ...(join && {
      joinRestriction: {
        condition: join.joinCondition as JoinRestriction["condition"],
        columns: join.joinAllowedColumns ?? [],
      },
    }),
  };
}
