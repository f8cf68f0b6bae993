import type { Analysed, Column, Type } from "../../googlesql/analyser.ts";
import { listOf, type Node, placeOf, unknownFields } from "../../googlesql/tree.ts";
import { Refusal } from "../refusal.ts";
import type { RoomTable } from "../room.ts";
import type { Charge } from "./ledger.ts";
import { limitsOf } from "./limits.ts";
import { literal } from "./literals.ts";

/** A SELECT WITH DIFFERENTIAL_PRIVACY that the rules allow, as it was understood. */
export interface PrivateSelect extends Limits {
  /** The DifferentialPrivacyAggregateScan. */
  readonly scan: Node;
  /** What tells the privacy units apart, in the scan's input. */
  readonly unit: Column;
  readonly groups: readonly Computed[];
  readonly aggregates: readonly PrivateAggregate[];
  /** The most that the view lets epsilon be; undefined where no view sets a rule. */
  readonly maxEpsilon: number | undefined;
  /** What it costs; undefined where no view with a budget is read. */
  readonly charge: Charge | undefined;
}

/** How much the answer may tell of one privacy unit. */
export interface Limits {
  /** The most that the probability of any answer changes by, as a logarithm: the smaller, the more noise. */
  readonly epsilon: number;
  /** How likely a group that one unit alone is in may appear. */
  readonly delta: number;
  /** In how many groups a unit is counted. */
  readonly maxGroups: number;
}

/** A value of the scan's rows. */
export interface Computed {
  readonly column: Column;
  readonly expr: Node;
}

export interface PrivateAggregate {
  readonly column: Column;
  readonly kind: "count" | "sum" | "avg";
  /** Undefined for COUNT(*). */
  readonly argument: Node | undefined;
  /** The AggregateFunctionCall. */
  readonly call: Node;
  /** What a unit contributes to a group is moved to between these. Left out where they are to be found in the data. */
  readonly lower?: number;
  readonly upper?: number;
}

export interface BoundedAggregate extends PrivateAggregate {
  readonly lower: number;
  readonly upper: number;
  /** How much of its epsilon is left for it. @default all */
  readonly share?: number;
}

/** A SELECT whose bounds are known. */
export interface BoundedSelect extends PrivateSelect {
  readonly aggregates: readonly BoundedAggregate[];
}

/**
 * Reads a SELECT WITH DIFFERENTIAL_PRIVACY. Throws Refusal where its options ask for more than the view allows, and for an aggregate
 * that cannot be given noise.
 * @param scan the DifferentialPrivacyAggregateScan, somewhere in the query
 * @param unit what tells the privacy units apart, in the scan's input
 * @param table the view that sets the rule; undefined where the query reads tables without a rule only
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
    maxEpsilon: rule?.maxEpsilonPerQuery,
    charge: table &&
      rule && {
        view: table.id,
        name: `${table.dataset}.${table.table}`,
        epsilon: limits.epsilon,
        // BigQuery charges what the rule says, whatever the query asks for.
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

/** The aggregates that can be given noise, as the analyser calls them. */
const kinds: Readonly<Record<string, PrivateAggregate["kind"]>> = {
  "ZetaSQL:$differential_privacy_count_star": "count",
  "ZetaSQL:$differential_privacy_count": "count",
  "ZetaSQL:$differential_privacy_sum": "sum",
  "ZetaSQL:$differential_privacy_avg": "avg",
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
      "Use COUNT, SUM or AVG.",
      expr,
    );
  const given = [...listOf(expr.argumentList)];
  const bounds = given.pop();
  const argument = given.pop();
  if (argument !== undefined && kind !== "count" && !/^TYPE_(INT64|DOUBLE)$/.test((argument.type as Type).typeKind))
    throw refused(`${called} WITH DIFFERENTIAL_PRIVACY takes an INT64 or a FLOAT64 here.`, "CAST it to FLOAT64.", expr);
  return { column, kind, argument, call: expr, ...boundsOf(bounds, called, expr) };
}

/** The bounds that a call gives; none where it gives none. */
function boundsOf(bounds: Node | undefined, called: string, call: Node): { lower?: number; upper?: number } {
  const pair = bounds && literal(bounds);
  if (pair === null) return {};
  const [lower, upper] = Array.isArray(pair) ? pair : [];
  if (typeof lower !== "number" || typeof upper !== "number" || !(lower <= upper) || !isModest(lower, upper))
    throw refused(`The contribution bounds of ${called} are two numbers, the lower one first.`, undefined, call);
  return { lower, upper };
}

/** Noise of this size is still a number. */
function isModest(...bounds: number[]): boolean {
  return bounds.every((bound) => Math.abs(bound) <= 1e100);
}

/** Works on a SELECT of a query, so that what it is refused for has its place. */
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

/** What refuses a SELECT WITH DIFFERENTIAL_PRIVACY, by a node of it. */
export function refused(message: string, advice: string | undefined, node: Node): Refusal {
  return new Refusal("differential privacy", message, advice, undefined, node);
}
