/*
 * Analysis rules: what BigQuery's `privacy_policy` of a view says, as data. A rule names columns of the view.
 * https://cloud.google.com/bigquery/docs/analysis-rules
 */

/** Answers show groups of at least so many distinct units only. */
export interface AggregationThreshold {
  /** The fewest units of a group. */
  readonly threshold: number;
  /** Tells persons, or whatever is protected, apart. */
  readonly privacyUnitColumn: string;
}

/** Answers are noisy, and spend a budget. */
export interface DifferentialPrivacy {
  readonly privacyUnitColumn: string;
  readonly maxEpsilonPerQuery: number;
  readonly epsilonBudget: number;
  readonly deltaPerQuery: number;
  readonly deltaBudget: number;
  /** To how many groups one unit may add. @default BigQuery's */
  readonly maxGroupsContributed?: number;
}

export const joinConditions = ["JOIN_ANY", "JOIN_ALL", "JOIN_NOT_REQUIRED", "JOIN_BLOCKED"] as const;

/** Whether, and on which of its columns, the view has to be joined or may be. Alone it is a list overlap. */
export interface JoinRestriction {
  readonly condition: (typeof joinConditions)[number];
  /** None for JOIN_BLOCKED, one at least otherwise. */
  readonly columns: readonly string[];
}

/** The analysis rule of a view: aggregation threshold or differential privacy, either with or without a join restriction; or that alone. */
export interface AnalysisRule {
  readonly aggregationThreshold?: AggregationThreshold;
  readonly differentialPrivacy?: DifferentialPrivacy;
  readonly joinRestriction?: JoinRestriction;
}

/** The kinds of rules. BigQuery never turns a view of one kind into one of another. */
export const ruleKinds = ["aggregation_threshold", "differential_privacy", "list_overlap"] as const;
export type RuleKind = (typeof ruleKinds)[number];

/** The kind of a rule that `checkRule` has nothing against. */
export function ruleKind({ aggregationThreshold, differentialPrivacy }: AnalysisRule): RuleKind {
  if (aggregationThreshold) return "aggregation_threshold";
  return differentialPrivacy ? "differential_privacy" : "list_overlap";
}

/** What BigQuery would refuse in a rule, or what would leave the view open, each with the reason; nothing if all is right. */
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
  // As JSON text, beyond this a number is another one.
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
      `joinCondition is ${condition} with no other rule: a list overlap is JOIN_ANY or JOIN_ALL, others would show every row`,
    );
  if (condition === "JOIN_BLOCKED") {
    if (allowed.length > 0)
      wrong.push(`joinCondition is JOIN_BLOCKED, which allows no joinColumns, and has ${allowed.join(", ")}`);
  } else if (allowed.length === 0)
    wrong.push(`At least one allowed column must be specified with join_condition = '${condition}'.`);
  return wrong;
}

/** The rule as the option `privacy_policy` of BigQuery's DDL takes it: JSON. */
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

/** `view.privacyPolicy` of BigQuery's REST resource, as far as it is declared; budgets that are left come with it and are no part of a rule. */
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

/** The rule of a view as BigQuery's REST resource tells it. What it leaves out is empty or not a number here, and fails `checkRule`. */
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
