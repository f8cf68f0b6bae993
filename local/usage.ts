import { join } from "node:path";
import { type LoggedQuery, left, openLedger, readQueryLog, readRoom } from "analysis-rules";
import { PARTIES, type Party, parties } from "../cleanroom/party.ts";
import type { SharedUsage, ViewUsage } from "../report/clean-room/shape.ts";
import { BUDGET_FILE, LOG_FILE, ROOM_FILE } from "./rehearsed-room.ts";
import { formatRows } from "./terminal.ts";

/** The outcomes of the queries that named a party's shared views or called its templates, since the rehearsal created the views. */
export async function usageOf(owner: Party, rehearsal: string): Promise<SharedUsage> {
  const queries = await queriesOn(owner, rehearsal);
  const ledger = openLedger(join(rehearsal, BUDGET_FILE));
  const room = readRoom(join(rehearsal, ROOM_FILE));
  const shared = (room.parties[owner]?.tables ?? []).filter(
    (table) => table.owner === owner && table.rule !== undefined,
  );
  const views = shared.map(async ({ id, table, rule }) => {
    const named = queries.filter(({ resources }) => resources.some(({ table_id }) => table_id === table));
    const budget = rule?.differentialPrivacy;
    const spent = await ledger.spent(id);
    const rest = (used: number, of: number) => ({ left: left(used, of), of });
    return {
      ...outcomesOf(table, named),
      // Only a threshold counts the groups that it suppresses.
      ...(rule?.aggregationThreshold && {
        suppressed: named.reduce((sum, { groups_suppressed = 0 }) => sum + groups_suppressed, 0),
      }),
      ...(budget && {
        epsilon: rest(spent.epsilon, budget.epsilonBudget),
        delta: rest(spent.delta, budget.deltaBudget),
      }),
    };
  });
  // A query may call a template several times.
  const called = ({ resources }: LoggedQuery) =>
    resources
      .filter(({ shared_resource_type }) => shared_resource_type === "TABLE_VALUED_FUNCTION")
      .flatMap(({ table_id, calls = 1 }) => Array.from({ length: calls }, () => table_id));
  const templates = [...new Set(queries.flatMap(called))].sort();
  const calls = templates.map((name) =>
    outcomesOf(
      name,
      queries.flatMap((query) => called(query).flatMap((one) => (one === name ? [query] : []))),
    ),
  );
  const refused = queries.filter(({ outcome }) => outcome === "refused");
  const rules = [...new Set(refused.map(({ rule = "unknown" }) => rule))].sort();
  return {
    owner,
    views: [...(await Promise.all(views)), ...calls],
    refusedBy: rules.map((rule) => ({ rule, queries: refused.filter((query) => query.rule === rule).length })),
  };
}

/** The outcomes of the queries on one view or template. */
function outcomesOf(view: string, queries: readonly LoggedQuery[]): ViewUsage {
  const count = (outcome: LoggedQuery["outcome"]) => queries.filter((query) => query.outcome === outcome).length;
  return {
    view,
    asked: queries.length,
    answered: count("answered"),
    refused: count("refused"),
    failed: count("failed"),
  };
}

/** The usage of both parties' views and templates. */
export function usageOfAll(rehearsal: string): Promise<SharedUsage[]> {
  return Promise.all(PARTIES.map((party) => usageOf(party, rehearsal)));
}

/** The queries that named an owner's views or called its templates, the oldest first, each with the owner's part only. */
export async function queriesOn(owner: Party, rehearsal: string): Promise<LoggedQuery[]> {
  const all = await readQueryLog(join(rehearsal, LOG_FILE));
  return all
    .map((query) => ({ ...query, resources: query.resources.filter((one) => one.owner === owner) }))
    .filter(({ resources }) => resources.length > 0);
}

/**
 * The log of an owner as rows with the columns of BigQuery's INFORMATION_SCHEMA.SHARED_DATASET_USAGE, as far as a laptop has them, and
 * then the outcome, the rule, and what the query cost. A query has a row for each view.
 */
export async function usageRows(owner: Party, rehearsal: string) {
  const queries = await queriesOn(owner, rehearsal);
  return queries.flatMap(({ resources, outcome, rule, rows, groups_suppressed, ...job }) =>
    resources.map(({ owner: _, epsilon, delta, calls, ...resource }) => ({
      ...resource,
      data_exchange_id: parties[owner].room,
      listing_id: resource.table_id,
      ...job,
      outcome,
      rule: rule ?? null,
      rows: rows ?? null,
      groups_suppressed: groups_suppressed ?? null,
      calls: calls ?? null,
      epsilon,
      delta,
    })),
  );
}

/** A party's usage as text tables. @param width the columns that they may take, if the names of their columns can be broken to fit */
export function usageText({ views, refusedBy }: SharedUsage, width?: number): string {
  const columns = ["view or template", "asked", "answered", "refused", "failed", "groups suppressed"];
  const rows = views.map(({ view, asked, answered, refused, failed, suppressed = null }) => {
    return [view, asked, answered, refused, failed, suppressed];
  });
  const of = (budget: ViewUsage["epsilon"]) => (budget ? `${budget.left} of ${budget.of}` : "");
  const budgets = views
    .filter(({ epsilon }) => epsilon !== undefined)
    .map(({ view, epsilon, delta }) => [view, of(epsilon), of(delta)]);
  const rules = refusedBy.map(({ rule, queries }) => [rule, queries]);
  return [
    formatRows(columns, rows, "", "", width),
    ...(budgets.length > 0
      ? ["", formatRows(["privacy budget of", "epsilon left", "delta left"], budgets, "", "", width)]
      : []),
    ...(rules.length > 0 ? ["", formatRows(["refused by", "queries"], rules, "")] : []),
  ].join("\n");
}
