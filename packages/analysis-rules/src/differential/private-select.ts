import {
  type Analysed,
  type Column,
  listOf,
  type Node,
  placeOf,
  type Type,
  unknownFields,
} from "googlesql-duckdb/tree";
import { Refusal } from "../refusal.ts";
import type { RoomTable } from "../room.ts";
import type { Charge } from "./ledger.ts";

/** A SELECT WITH DIFFERENTIAL_PRIVACY that the rules allow. */
export interface PrivateSelect extends Limits {
  /** The DifferentialPrivacyAggregateScan. */
  readonly scan: Node;
  /** The privacy unit column, in the scan's input. */
  readonly unit: Column;
  readonly groups: readonly Computed[];
  readonly aggregates: readonly PrivateAggregate[];
  /** The cost; undefined if the SELECT reads no view with a budget. */
  readonly charge: Charge | undefined;
}

/** How much an answer may reveal about one privacy unit. */
export interface Limits {
  /** One unit changes the probability of any answer by at most the factor e ** epsilon: a smaller epsilon means more noise. */
  readonly epsilon: number;
  /** The probability that a group with a single unit appears. */
  readonly delta: number;
  /** The number of groups in which a unit counts; infinite if the query sets none; then the noise hides only a unit's part in one group. */
  readonly maxGroups: number;
}

/** A column that the scan computes. */
export interface Computed {
  readonly column: Column;
  readonly expr: Node;
}

export interface PrivateAggregate {
  readonly column: Column;
  readonly kind: "count" | "sum" | "avg" | "percentile";
  /** Undefined for COUNT(*). */
  readonly argument: Node | undefined;
  /** The part of the values that lie below the percentile: 0.5 for the median. Given for a percentile only. */
  readonly fraction?: number;
  /** A unit's contribution to a group (for a percentile: each value) is clamped to these bounds. Undefined if the package has to find them in the data. */
  readonly lower?: number;
  readonly upper?: number;
}

export interface BoundedAggregate extends PrivateAggregate {
  readonly lower: number;
  readonly upper: number;
  /** The share of its epsilon that is left for the noise. @default 1 */
  readonly share?: number;
}

/** A SELECT whose bounds are known. */
export interface BoundedSelect extends PrivateSelect {
  readonly aggregates: readonly BoundedAggregate[];
}

/**
 * Reads a SELECT WITH DIFFERENTIAL_PRIVACY. Throws Refusal if its options ask for more than the view allows, or if an aggregate has no
 * noisy form.
 * @param scan the DifferentialPrivacyAggregateScan, anywhere in the query
 * @param unit the privacy unit column, in the scan's input
 * @param table the view that sets the rule; undefined if the query reads only tables without one
 */
export function privateSelect(query: Analysed, scan: Node, unit: Column, table: RoomTable | undefined): PrivateSelect {
  return placed(query, scan, () => read(scan, unit, table));
}

function read(scan: Node, unit: Column, table: RoomTable | undefined): PrivateSelect {
  const [unknown] = unknownFields(scan, ["inputScan", "groupByList", "aggregateList", "optionList"]);
  if (unknown !== undefined)
    throw refused(`${unknown} is not supported in SELECT WITH DIFFERENTIAL_PRIVACY here.`, undefined, scan);
  const limits = limitsOf(listOf(scan.optionList), table);
  const rule = table?.rule?.differentialPrivacy;
  return {
    ...limits,
    scan,
    unit,
    groups: listOf<Computed>(scan.groupByList).map(groupOf),
    aggregates: listOf<Computed>(scan.aggregateList).map(aggregateOf),
    charge: table &&
      rule && {
        view: table.id,
        name: `${table.dataset}.${table.table}`,
        epsilon: limits.epsilon,
        // BigQuery charges the delta in the rule, whatever the query asks for.
        delta: rule.deltaPerQuery,
        epsilonBudget: rule.epsilonBudget,
        deltaBudget: rule.deltaBudget,
      },
  };
}

function groupOf({ column, expr }: Computed): Computed {
  if (!plain.test(column.type.typeKind))
    throw refused(
      `A SELECT WITH DIFFERENTIAL_PRIVACY cannot be grouped by a ${column.type.typeKind.slice(5)} here.`,
      undefined,
      expr,
    );
  return { column, expr };
}

const plain = /^TYPE_(INT64|DOUBLE|NUMERIC|STRING|BYTES|BOOL|DATE|TIMESTAMP)$/;

/** The aggregates that have a noisy form, by the analyser's names. */
const kinds: Readonly<Record<string, PrivateAggregate["kind"]>> = {
  "ZetaSQL:$differential_privacy_count_star": "count",
  "ZetaSQL:$differential_privacy_count": "count",
  "ZetaSQL:$differential_privacy_sum": "sum",
  "ZetaSQL:$differential_privacy_avg": "avg",
  "ZetaSQL:$differential_privacy_percentile_cont": "percentile",
};

function aggregateOf({ column, expr }: Computed): PrivateAggregate {
  const { name } = expr.function as { name: string };
  const called = name.replace(/^ZetaSQL:(\$differential_privacy_)?|_star$/g, "").toUpperCase();
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  const known = ["type", "function", "argumentList", "errorMode", "nullHandlingModifier"];
  const [unknown] = unknownFields(expr, known);
  if (kind === undefined || unknown !== undefined || expr.errorMode !== "DEFAULT_ERROR_MODE")
    throw refused(
      `${called}${unknown ? ` with ${unknown}` : ""} is not supported in SELECT WITH DIFFERENTIAL_PRIVACY here.`,
      "Use COUNT, SUM, AVG or PERCENTILE_CONT.",
      expr,
    );
  const given = [...listOf(expr.argumentList)];
  const bounds = given.pop();
  const fraction = kind === "percentile" ? literal(given.pop() as Node) : undefined;
  const argument = given.pop();
  if (argument !== undefined && kind !== "count" && !/^TYPE_(INT64|DOUBLE)$/.test((argument.type as Type).typeKind))
    throw refused(`${called} WITH DIFFERENTIAL_PRIVACY takes an INT64 or a FLOAT64 here.`, "CAST it to FLOAT64.", expr);
  const limits = boundsOf(bounds, called, expr);
  if (kind !== "percentile") return { column, kind, argument, ...limits };
  if (limits.lower === undefined)
    throw refused(
      `${called} WITH DIFFERENTIAL_PRIVACY needs bounds.`,
      "Add contribution_bounds_per_row => (lower, upper).",
      expr,
    );
  if (typeof fraction !== "number")
    throw refused(`The percentile of ${called} must be a number from 0 to 1.`, undefined, expr);
  return { column, kind, argument, fraction, ...limits };
}

/** The bounds that a call gives, if any. */
function boundsOf(bounds: Node | undefined, called: string, call: Node): { lower?: number; upper?: number } {
  const pair = bounds && literal(bounds);
  if (pair === null) return {};
  const [lower, upper] = Array.isArray(pair) ? pair : [];
  if (typeof lower !== "number" || typeof upper !== "number" || !(lower <= upper) || !isModest(lower, upper))
    throw refused(`The contribution bounds of ${called} are two numbers, the lower one first.`, undefined, call);
  return { lower, upper };
}

/** Keeps the noise within the range of FLOAT64. */
function isModest(...bounds: number[]): boolean {
  return bounds.every((bound) => Math.abs(bound) <= 1e100);
}

/** Does work on a SELECT. If the work throws a Refusal, adds the SELECT's place in the query. */
export function placed<T>(query: Analysed, scan: Node, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const [option] = listOf(scan.optionList);
    const node = error.node ?? option;
    throw new Refusal(error.rule, error.message, error.advice, node && placeOf(query.sql, node));
  }
}

/** A refusal that `placed` gives the place of a node. */
export function refused(message: string, advice: string | undefined, node: Node): Refusal {
  return new Refusal("differential privacy", message, advice, undefined, node);
}

/**
 * Takes the limits from OPTIONS, and from the view's rule if OPTIONS leave one out. Throws Refusal if OPTIONS ask for more than the rule
 * allows. `unitsOf` checks the option `privacy_unit_column`.
 */
function limitsOf(options: readonly Node[], table: RoomTable | undefined): Limits {
  const given = new Map(options.map((option) => [(option.name as string).toLowerCase(), option.value as Node]));
  for (const name of given.keys())
    if (!knownOptions.includes(name))
      throw wrongOption(`The option ${name} is not supported in SELECT WITH DIFFERENTIAL_PRIVACY.`);
  const rule = table?.rule?.differentialPrivacy;
  const view = table && `${table.dataset}.${table.table}`;
  const epsilon = numberOf("epsilon", given, rule?.maxEpsilonPerQuery);
  const delta = numberOf("delta", given, rule?.deltaPerQuery);
  const most = rule?.maxGroupsContributed || undefined;
  const groupsOption = given.get("max_groups_contributed");
  const isUnlimited = groupsOption !== undefined && literal(groupsOption) === null;
  // A query could put the same rows into many groups and average the noise away, for one charge.
  if (isUnlimited && rule)
    throw wrongOption(
      `max_groups_contributed cannot be NULL here: the budget of table ${view} is for a unit in a known number of groups`,
    );
  // BigQuery's default is 1.
  const maxGroups = isUnlimited ? Number.POSITIVE_INFINITY : numberOf("max_groups_contributed", given, most ?? 1);

  if (epsilon < SMALLEST) throw wrongOption(`Epsilon is too low: ${epsilon}, at least ${SMALLEST} is needed`);
  if (rule && epsilon > rule.maxEpsilonPerQuery)
    throw wrongOption(
      `Epsilon is too high: ${brief(epsilon)}, policy for table ${view} allows max ${brief(rule.maxEpsilonPerQuery)}`,
    );
  if (epsilon > LARGEST)
    throw wrongOption(`Epsilon is too high: ${brief(epsilon)}, at most ${brief(LARGEST)} is possible`);
  if (delta <= 0 || delta >= 1) throw wrongOption(`Delta must be between 0 and 1, not ${delta}`);
  if (rule && delta > rule.deltaPerQuery)
    throw wrongOption(`Delta is too high: ${delta}, policy for table ${view} allows max ${rule.deltaPerQuery}`);
  if (!isUnlimited && (maxGroups < 1 || !Number.isSafeInteger(maxGroups)))
    throw wrongOption(`max_groups_contributed must be a positive integer, not ${maxGroups}`);
  if (most !== undefined && maxGroups > most)
    throw wrongOption(`max_groups_contributed is too high: ${maxGroups}, policy for table ${view} allows max ${most}`);
  return { epsilon, delta, maxGroups };
}

const knownOptions = ["epsilon", "delta", "max_groups_contributed", "privacy_unit_column"];

/** The lowest epsilon, which is also the lowest that a rule can set. */
const SMALLEST = 0.001;
/** The highest that a rule can set. Beyond it the noise is smaller than the digits of a FLOAT64. */
const LARGEST = 1e15;

/** By how many groups one unit can change an answer, for the scale of the noise. */
export function groupsOf({ maxGroups, groups }: PrivateSelect): number {
  return groups.length > 0 && Number.isFinite(maxGroups) ? maxGroups : 1;
}

function numberOf(name: string, given: ReadonlyMap<string, Node>, otherwise: number | undefined): number {
  const node = given.get(name);
  const value = node === undefined ? otherwise : literal(node);
  if (value === undefined && node === undefined)
    throw wrongOption(`SELECT WITH DIFFERENTIAL_PRIVACY on tables without an analysis rule needs the option ${name}.`);
  if (typeof value !== "number" || !Number.isFinite(value)) throw wrongOption(`The option ${name} must be a number.`);
  return value;
}

/** A number as BigQuery writes it, such as 1e+20. */
function brief(value: number): string {
  return value >= 1e15 ? value.toExponential() : String(value);
}

function wrongOption(message: string): Refusal {
  return new Refusal("options", message);
}

/** A literal of the tree: null for NULL, an array for a STRUCT; undefined for anything else, and for other types. */
type Literal = number | string | boolean | null | undefined | readonly Literal[];

function literal(node: Node): Literal {
  if (node.kind !== "Literal") return undefined;
  return contentOf((node.value as { value?: TypedValue }).value ?? {});
}

interface TypedValue {
  readonly int64Value?: string;
  readonly doubleValue?: number | string;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: { readonly field?: readonly TypedValue[] };
}

function contentOf(value: TypedValue): Literal {
  const [[kind, of] = []] = Object.entries(value);
  if (kind === undefined) return null;
  if (kind === "structValue") return (value.structValue?.field ?? []).map(contentOf);
  // JSON has NaN and the infinities as text. As numbers they fail every check of a limit.
  if (kind === "int64Value" || kind === "doubleValue") return Number(of);
  return kind === "stringValue" || kind === "boolValue" ? (of as string | boolean) : undefined;
}
