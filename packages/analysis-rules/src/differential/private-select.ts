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
import { literal } from "./literals.ts";
import { type Limits, limitsOf } from "./options.ts";

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
  const groups = listOf<Computed>(scan.groupByList).map(groupOf);
  const computed = listOf<Computed>(scan.aggregateList);
  const aggregates = computed.map(aggregateOf);
  computed.forEach(({ expr }, index) => {
    checkNoise(aggregates[index] as PrivateAggregate, { ...limits, groups, aggregates }, expr);
  });
  return {
    ...limits,
    scan,
    unit,
    groups,
    aggregates,
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
    throw refused(
      `The contribution bounds of ${called} are two numbers from -1e+100 to 1e+100, the lower one first.`,
      "Write them out, as in contribution_bounds_per_group => (0, 100).",
      call,
    );
  return { lower, upper };
}

/** Throws Refusal if the noise alone would fill the range of INT64, so that the answer would say nothing. */
function checkNoise(
  { column, kind, lower = 0, upper = 0 }: PrivateAggregate,
  select: Pick<PrivateSelect, "groups" | "maxGroups" | "epsilon" | "aggregates">,
  call: Node,
): void {
  if (column.type.typeKind !== "TYPE_INT64") return;
  const widest = MOST_INT64 / (groupsOf(select) / epsilonOfEach(select));
  if (Math.max(Math.abs(lower), Math.abs(upper)) < widest) return;
  throw refused(
    `The noise of ${kind.toUpperCase()} would be larger than an INT64 can be: one person may change the answer too much.`,
    "Give narrower contribution bounds, a lower max_groups_contributed or a higher epsilon.",
    call,
  );
}

const MOST_INT64 = 2 ** 63;

/** Keeps the noise within the range of FLOAT64. */
function isModest(...bounds: number[]): boolean {
  return bounds.every((bound) => Math.abs(bound) <= 1e100);
}

/** Does work on a SELECT. If the work throws a Refusal, adds the SELECT's place in the query. */
function placed<T>(query: Analysed, scan: Node, work: () => T): T {
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
function refused(message: string, advice: string | undefined, node: Node): Refusal {
  return new Refusal("differential privacy", message, advice, undefined, node);
}

/** By how many groups one unit can change an answer, for the scale of the noise. */
export function groupsOf({ maxGroups, groups }: Pick<PrivateSelect, "maxGroups" | "groups">): number {
  return groups.length > 0 && Number.isFinite(maxGroups) ? maxGroups : 1;
}

/** The epsilon of each aggregate: they share it evenly, and the choice of groups takes one more share. */
export function epsilonOfEach({
  epsilon,
  aggregates,
  groups,
}: Pick<PrivateSelect, "epsilon" | "aggregates" | "groups">) {
  return epsilon / (aggregates.length + (groups.length > 0 ? 1 : 0));
}
