import type { Protected } from "./protect.ts";
import { calledName, type Room, type RoomTable, shortName } from "./room.ts";
import { ruleInWords } from "./rule-wording.ts";

/** How the rules shaped an answer. */
export interface Explanation {
  /** The query templates that the query calls. */
  readonly templates: readonly TemplateUse[];
  /** The views with a rule that the query reads. */
  readonly views: readonly ViewRule[];
  /** For each SELECT WITH AGGREGATION_THRESHOLD: the columns it counts, and the number of distinct values that a group needs to be shown. */
  readonly thresholds: readonly { readonly threshold: number; readonly units: readonly string[] }[];
  /** The number of groups suppressed; present only for a party that owns all the views. */
  readonly suppressedGroups?: number;
  /** The remaining budget of each view with differential privacy. */
  readonly budgets: readonly Budget[];
  /** The checks that the rules made, in words. */
  readonly checks: readonly string[];
}

/** A query template that a query calls. Of the template's own query, only the owner's words are shown. */
export interface TemplateUse {
  /** As the query calls it, "dataset.name". */
  readonly template: string;
  /** The owner's name and title. */
  readonly owner: string;
  readonly ownerTitle: string;
  /** How it protects the owner's data, in the owner's words. */
  readonly guards: string;
}

/** A view and its rule. */
export interface ViewRule {
  /** As the query can name it, "dataset.view". */
  readonly view: string;
  /** The owner's name and title. */
  readonly owner: string;
  readonly ownerTitle: string;
  /** The rule in words. */
  readonly rule: string;
}

/** A view's privacy budget after the query. */
export interface Budget {
  readonly view: string;
  /** The part of the budget that the query takes. */
  readonly epsilonTaken: number;
  readonly deltaTaken: number;
  readonly epsilonLeft: number;
  readonly epsilonBudget: number;
  /** Each query spends the delta that the rule sets, whatever the query asks for. */
  readonly deltaLeft: number;
  readonly deltaBudget: number;
}

/** Explains a query that passed the rules. */
export function explain(
  room: Room,
  { views, thresholds, checks, templates }: Protected,
  budgets: readonly Budget[],
  suppressedGroups?: number,
): Explanation {
  const named = views.filter(({ hidden }) => !hidden).flatMap(({ table }) => viewRule(room, table));
  const used = new Map(templates.map((call) => [calledName(call.called), call.template]));
  return {
    templates: [...used].map(([template, { owner, guards }]) => ({
      template,
      owner,
      ownerTitle: titleOf(room, owner),
      guards,
    })),
    views: named.filter(({ view }, index) => named.findIndex((other) => other.view === view) === index),
    thresholds: thresholds
      .filter(({ hidden }) => !hidden)
      .map(({ threshold, units }) => ({
        threshold,
        units: [...new Set(units.map(({ table, column }) => (table ? `${shortName(table)}.` : "") + column.name))],
      })),
    ...(suppressedGroups !== undefined && { suppressedGroups }),
    budgets,
    checks,
  };
}

/** A view with its rule in words; empty for a table without a rule. */
export function viewRule(room: Room, table: RoomTable): ViewRule[] {
  const { owner, rule } = table;
  if (rule === undefined) return [];
  return [{ view: shortName(table), owner, ownerTitle: titleOf(room, owner), rule: ruleInWords(rule) }];
}

function titleOf({ parties }: Room, owner: string): string {
  return parties[owner]?.title ?? owner;
}

/**
 * An explanation as lines of text.
 * @example
 * explanationLines(answer.explanation)[0]; // "View linked.users, which the e-wallet owns"
 */
export function explanationLines(explanation: Explanation): string[] {
  const { templates, views, thresholds, suppressedGroups, budgets, checks } = explanation;
  if (templates.length === 0 && views.length === 0 && thresholds.length === 0)
    return ["No view with a rule is read: nothing to enforce."];
  return [
    ...templates.flatMap(({ template, ownerTitle, guards }) => [
      `Query template ${template}, which ${ownerTitle} owns. Its query is not shown; its owner says:`,
      `  ${guards}`,
    ]),
    ...views.flatMap(ruleLines),
    ...thresholds.map(({ threshold, units }) => {
      // With one view, its name is in the lines above.
      const names = views.length > 1 ? units : units.map((unit) => unit.split(".").at(-1));
      return `Threshold in force: ${threshold} distinct ${names.join(" and ")}`;
    }),
    ...(thresholds.length > 0 ? [`Groups suppressed: ${suppressedGroups ?? SUPPRESSED}`] : []),
    ...budgets.map(
      ({ view, epsilonLeft, epsilonBudget, deltaLeft, deltaBudget }) =>
        `Budget left of ${view}: epsilon ${epsilonLeft} of ${epsilonBudget}, delta ${deltaLeft} of ${deltaBudget}`,
    ),
    ...(checks.length > 0 ? ["Checked:", ...checks.map((check) => `  ${check}`)] : []),
  ];
}

/** The number itself would reveal something about small groups. */
const SUPPRESSED = "perhaps some; only the owner of the view is told how many";

/**
 * A view and its rule as two lines of text.
 * @example
 * (await room.rulesFor("merchant", sql)).flatMap(ruleLines);
 */
export function ruleLines({ view, ownerTitle, rule }: ViewRule): string[] {
  return [`View ${view}, which ${ownerTitle} owns`, `  ${rule}`];
}

/**
 * An explanation in one line.
 * @example
 * summaryOf(answer.explanation); // "groups of fewer than 50 suppressed (linked.users)"
 */
export function summaryOf({ templates, views, thresholds, budgets }: Explanation): string {
  const called = templates.map(({ template, ownerTitle }) => `query template ${template} of ${ownerTitle}`).join(", ");
  if (views.length === 0) return called || "no view with a rule was read";
  const done = [
    ...thresholds.flatMap(({ threshold }) => (threshold > 1 ? `groups of fewer than ${threshold} suppressed` : [])),
    ...budgets.map(
      ({ epsilonLeft, epsilonBudget, deltaLeft, deltaBudget }) =>
        `noise added, epsilon ${epsilonLeft} of ${epsilonBudget} and delta ${deltaLeft} of ${deltaBudget} left`,
    ),
  ];
  const names = views.map(({ view }) => view).join(", ");
  const shaped = `${[...new Set(done)].join(", ") || "joined as the rules require"} (${names})`;
  return called ? `${called}; ${shaped}` : shaped;
}
