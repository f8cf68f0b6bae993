import { type AnalysisRule, joinConditions, type RuleKind, ruleKind, ruleKinds } from "analysis-rules/policy";
import { PRIVACY_BUDGET, THRESHOLD } from "./shared-views.ts";

/** The fields of a view that the setting `sharedViews` can change. A missing field keeps its default. */
export interface Override {
  /** The columns to show, in this order. */
  readonly columns?: readonly string[];
  readonly rule?: RuleKind;
  readonly privacyUnitColumn?: string;
  readonly threshold?: number;
  readonly maxEpsilonPerQuery?: number;
  readonly epsilonBudget?: number;
  readonly deltaPerQuery?: number;
  readonly deltaBudget?: number;
  readonly maxGroupsContributed?: number;
  readonly joinCondition?: (typeof joinConditions)[number];
  readonly joinColumns?: readonly string[];
}

/** Overrides by view name, unchecked. */
export type Overrides = Readonly<Record<string, unknown>>;

const numbers = [
  "threshold",
  "maxEpsilonPerQuery",
  "epsilonBudget",
  "deltaPerQuery",
  "deltaBudget",
  "maxGroupsContributed",
] as const;

/** For each field, converts a value, or throws a string that says which values are allowed. */
const readers: Readonly<Record<keyof Override, (value: unknown) => unknown>> = {
  columns: readNames,
  rule: oneOf(ruleKinds),
  privacyUnitColumn(value) {
    if (typeof value === "string" && value !== "") return value;
    throw "the name of a column";
  },
  joinCondition: oneOf(joinConditions),
  joinColumns: readNames,
  ...(Object.fromEntries(numbers.map((name) => [name, readNumber])) as Record<
    (typeof numbers)[number],
    typeof readNumber
  >),
};

function readNames(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value;
  throw "a list of columns";
}

/** Pulumi's command line stores fractions as text. */
function readNumber(value: unknown): number {
  const given = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof given === "number" && Number.isFinite(given)) return given;
  throw "a number";
}

function oneOf(allowed: readonly string[]) {
  return (value: unknown): string => {
    if (allowed.includes(String(value))) return String(value);
    throw `one of ${allowed.join(", ")}`;
  };
}

/** An override with its fields converted, or a list of what is wrong with them. */
export function checkFields(given: unknown): Override | string[] {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return [`is ${JSON.stringify(given)}: use an object of ${Object.keys(readers).join(", ")}`];
  const wrong: string[] = [];
  const fields = Object.entries(given).map(([name, value]) => {
    if (!Object.hasOwn(readers, name)) {
      wrong.push(`${name} cannot be set: use ${Object.keys(readers).join(", ")}`);
      return [];
    }
    try {
      return [name, readers[name as keyof Override](value)];
    } catch (allowed) {
      wrong.push(`${name} is ${JSON.stringify(value)}: use ${allowed}`);
      return [];
    }
  });
  return wrong.length > 0 ? wrong : (Object.fromEntries(fields) as Override);
}

const fieldsOf: Readonly<Record<RuleKind, readonly (keyof Override)[]>> = {
  aggregation_threshold: ["privacyUnitColumn", "threshold"],
  differential_privacy: [
    "privacyUnitColumn",
    "maxEpsilonPerQuery",
    "epsilonBudget",
    "deltaPerQuery",
    "deltaBudget",
    "maxGroupsContributed",
  ],
  list_overlap: [],
};

/** A rule with the changes of an override, or a list of what is wrong with them. `checkRule` says whether BigQuery accepts the result. */
export function applyRule(rule: AnalysisRule, override: Override): AnalysisRule | string[] {
  const kind = override.rule ?? ruleKind(rule);
  const others = [...numbers, "privacyUnitColumn" as const].filter(
    (name) => override[name] !== undefined && !fieldsOf[kind].includes(name),
  );
  if (others.length > 0) return [`${others.join(", ")} cannot be set: the rule of the view is ${kind}`];

  const { aggregationThreshold, differentialPrivacy, joinRestriction } = rule;
  const unit = (aggregationThreshold ?? differentialPrivacy)?.privacyUnitColumn ?? "";
  const privacyUnitColumn = override.privacyUnitColumn ?? unit;
  if (kind !== "list_overlap" && privacyUnitColumn === "")
    return [`privacyUnitColumn is not set, and ${kind} needs a column that identifies persons`];
  const condition = override.joinCondition ?? joinRestriction?.condition;
  const columns = override.joinColumns ?? (condition === "JOIN_BLOCKED" ? [] : joinRestriction?.columns) ?? [];
  const own = Object.fromEntries(
    Object.entries(override).filter(([name]) => fieldsOf[kind].includes(name as keyof Override)),
  );
  return {
    ...(kind === "aggregation_threshold" && {
      aggregationThreshold: { threshold: THRESHOLD, ...aggregationThreshold, privacyUnitColumn, ...own },
    }),
    ...(kind === "differential_privacy" && {
      differentialPrivacy: { ...PRIVACY_BUDGET, ...differentialPrivacy, privacyUnitColumn, ...own },
    }),
    ...(condition && { joinRestriction: { condition, columns } }),
  };
}
