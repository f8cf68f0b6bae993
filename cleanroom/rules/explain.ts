import { type Party, parties } from "../party.ts";
import type { Protected } from "./protect.ts";
import { shortName } from "./relation.ts";
import type { RoomTable } from "./room.ts";

/** Which rules decided what of an answer. */
export interface Explanation {
  /** The views with a rule that the query reads. */
  readonly views: readonly ViewRule[];
  /** What each SELECT WITH AGGREGATION_THRESHOLD counts, and the fewest it shows. */
  readonly thresholds: readonly { readonly threshold: number; readonly units: readonly string[] }[];
  /** How many groups were left out; told to those only who own all the views. */
  readonly suppressedGroups?: number;
  /** What is left of the budget of each view with differential privacy. */
  readonly budgets: readonly Budget[];
  /** What the rules looked at, in words. */
  readonly checks: readonly string[];
}

export interface ViewRule {
  /** As the query can name it, `dataset.view`. */
  readonly view: string;
  readonly owner: Party;
  /** In words. */
  readonly rule: string;
}

export interface Budget {
  readonly view: string;
  /** What is left of the view's epsilon after this query. */
  readonly epsilonLeft: number;
  readonly epsilonBudget: number;
  /** What is left of its delta, of which each query takes as much as the rule says. */
  readonly deltaLeft: number;
  readonly deltaBudget: number;
}

/** What the rules did to a query that they let through. */
export function explain(
  { views, thresholds, checks }: Protected,
  budgets: readonly Budget[],
  suppressedGroups: number | undefined,
): Explanation {
  const named = views.map(({ table, rule }) => viewRule(table, rule));
  return {
    views: named.filter(({ view }, index) => named.findIndex((other) => other.view === view) === index),
    thresholds: thresholds.map(({ threshold, units }) => ({
      threshold,
      units: [...new Set(units.map(({ table, column }) => (table ? `${shortName(table)}.` : "") + column.name))],
    })),
    ...(suppressedGroups !== undefined && { suppressedGroups }),
    budgets,
    checks,
  };
}

/** A view and its rule, in words. */
export function viewRule(table: RoomTable, rule: string): ViewRule {
  return { view: shortName(table), owner: table.owner, rule };
}

/** An explanation as text, a line each. */
export function explanationLines({ views, thresholds, suppressedGroups, budgets, checks }: Explanation): string[] {
  if (views.length === 0 && thresholds.length === 0)
    return ["No view with an analysis rule is read: nothing to enforce."];
  return [
    ...views.flatMap(ruleLines),
    ...thresholds.map(({ threshold, units }) => `Threshold in force: ${threshold} distinct ${units.join(" and ")}`),
    ...(thresholds.length > 0 ? [`Groups left out: ${suppressedGroups ?? UNTOLD}`] : []),
    ...budgets.map(
      ({ view, epsilonLeft, epsilonBudget, deltaLeft, deltaBudget }) =>
        `Budget left of ${view}: epsilon ${epsilonLeft} of ${epsilonBudget}, delta ${deltaLeft} of ${deltaBudget}`,
    ),
    ...(checks.length > 0 ? ["What decided:", ...checks.map((check) => `  ${check}`)] : []),
  ];
}

/** Their number tells of small groups. */
const UNTOLD = "some may have been; how many, only the owner of the view is told";

export function ruleLines({ view, owner, rule }: ViewRule): string[] {
  return [`View ${view}, which ${parties[owner].title} owns`, `  ${rule}`];
}

/** What the rules did, in one line. */
export function summaryOf({ views, thresholds, budgets }: Explanation): string {
  if (views.length === 0) return "no view with an analysis rule was read";
  const done = [
    ...thresholds.map(({ threshold }) => `groups of fewer than ${threshold} left out`),
    ...budgets.map(
      ({ epsilonLeft, epsilonBudget, deltaLeft, deltaBudget }) =>
        `noise added, epsilon ${epsilonLeft} of ${epsilonBudget} and delta ${deltaLeft} of ${deltaBudget} left`,
    ),
  ];
  const names = views.map(({ view }) => view).join(", ");
  return `${[...new Set(done)].join(", ") || "joined as the rules ask"} (${names})`;
}
