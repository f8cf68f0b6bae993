import {
  type AnswerColumn,
  columnsOf,
  defaultLimits,
  type Engine,
  type Limits,
  openEngine,
  RunError,
  type Value,
} from "googlesql-duckdb/tree";
import { answerPrivately, type Ledger, left, noLedger, openLedger } from "./differential/index.ts";
import { type Budget, type Explanation, explain, type ViewRule, viewRule } from "./explanation.ts";
import { plannerFor } from "./planner.ts";
import type { Protected } from "./protect.ts";
import { openEntry } from "./query-log.ts";
import type { QueryPlan } from "./query-plan.ts";
import { Refusal } from "./refusal.ts";
import { calledName, checkRoom, partyOf, type Room, RoomError, type RoomTable, shortName } from "./room.ts";
import { suppressedGroups } from "./suppressed-groups.ts";
import { callsNamedIn, templateOf } from "./templates.ts";

/** Where a clean room's rows, rules and budgets are. */
export interface RoomOptions {
  /** The DuckDB file with the tables and views. It is opened read-only. */
  readonly database: string;
  readonly room: Room;
  /** The file that records what was spent of the privacy budgets; created if missing. Needed once a view has differential privacy. */
  readonly ledger?: string;
  /** The file that records who asked what of others' views, and the outcome; created if missing. @default nothing is recorded */
  readonly log?: string;
  /** The parties that will ask: their analysers start while the database is opened. @default an analyser starts with the first query */
  readonly soon?: readonly string[];
  /** The limits of one query. @default 30 seconds, 500,000 rows, 100 MB of answer, 1 GB of memory */
  readonly limits?: Partial<Limits>;
}

/** An answer; `Value` of googlesql-duckdb/tree describes how values are written. */
export interface Answer {
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly (readonly Value[])[];
  readonly explanation: Explanation;
}

/** An open clean room. Its methods take the name of the party that asks, and throw RoomError if there is no such party. */
export interface CleanRoom {
  /**
   * Runs a GoogleSQL query as a party, under the rules of the views that it reads.
   * Throws Refusal if a rule refuses the query, NotFound for a table that the party cannot see, SqlError for a wrong query,
   * UnsupportedSql for a query that BigQuery runs and this package does not, RunError for one that exceeds a limit, fails or is cancelled.
   * A query that is cancelled after it has spent its budget gets no refund.
   * @param options.signal cancels the query
   * @example
   * const { rows } = await room.ask("merchant", "SELECT COUNT(*) AS users FROM merchant.users"); // [[98]]
   */
  ask(party: string, sql: string, options?: { readonly signal?: AbortSignal }): Promise<Answer>;
  /**
   * Checks a query without running it or spending a budget. Throws what `ask` throws before it runs anything.
   * @param options.signal cancels the check
   * @returns the rules that apply, the current budgets, and what the query would spend of them
   */
  check(party: string, sql: string, options?: { readonly signal?: AbortSignal }): Promise<Explanation>;
  /** The views with a rule that a query names, even if a rule refuses the query; none if the query cannot be parsed. */
  rulesFor(party: string, sql: string): Promise<ViewRule[]>;
  /** Closes the DuckDB file, and ends the analysers. */
  close(): Promise<void>;
}

/**
 * Opens a clean room. Throws UserError if the database cannot be opened, and RoomError (a UserError) if the description is wrong.
 * @example
 * const room = await openRoom({ database: "shop.duckdb", room: readRoom("room.json"), ledger: "budget.jsonl" });
 * const { rows, explanation } = await room.ask("merchant", sql);
 * console.log(rows, explanationLines(explanation).join("\n"));
 * await room.close();
 */
export async function openRoom({
  database,
  room,
  ledger: file,
  log,
  soon = [],
  limits,
}: RoomOptions): Promise<CleanRoom> {
  checkRoom(room);
  if (file === undefined && hasBudgets(room))
    throw new RoomError("wrong", "a view has differential privacy, but there is no ledger to record its budget");
  const ledger = file === undefined ? noLedger : openLedger(file);
  const within = { ...defaultLimits, ...limits };
  const { plan, tablesNamed, start, close } = plannerFor(room);
  for (const party of soon) start(party);
  const engine = await openEngine(database, within).catch(async (error) => {
    await close();
    throw error;
  });

  /** The tables that a query names; none if it cannot be parsed. */
  async function namedTables(party: string, sql: string): Promise<RoomTable[]> {
    return [...new Set(await tablesNamed(party, sql))].filter((table) => table !== undefined);
  }

  const namedTemplates = (party: string, sql: string) =>
    callsNamedIn(sql, partyOf(room, party)).map((called) => ({ called, template: templateOf(room, called) }));

  return {
    async ask(party, sql, { signal } = {}) {
      const entry = log === undefined ? undefined : openEntry(log, party);
      let planned: QueryPlan | undefined;
      try {
        const began = performance.now();
        planned = await plan(party, sql, signal);
        const limits = { ...within, began, ...(signal && { signal }) };
        const { views, templates } = planned.guarded;
        const ownsAll =
          views.every(({ table }) => table.owner === party) &&
          templates.every(({ template }) => template.owner === party);
        // Count the groups suppressed while the query runs: that takes about as long.
        const [rows, suppressed] = await both(
          rowsOf(engine, ledger, planned, limits),
          ownsAll || entry ? suppressedGroups(engine, planned, limits) : undefined,
        );
        await entry?.answered(planned, rows.length, suppressed);
        const budgets = await budgetsOf(planned, ledger);
        const explanation = explain(room, planned.guarded, budgets, ownsAll ? suppressed : undefined);
        return { columns: columnsOf(planned.guarded.query), rows, explanation };
      } catch (error) {
        const named = { tables: await namedTables(party, sql), templates: namedTemplates(party, sql) };
        await entry?.unanswered(error, named, planned);
        throw error;
      }
    },
    async check(party, sql, { signal } = {}) {
      const planned = await plan(party, sql, signal);
      return explain(room, planned.guarded, await budgetsOf(planned, ledger));
    },
    async rulesFor(party, sql) {
      return (await namedTables(party, sql)).flatMap((table) => viewRule(room, table));
    },
    async close() {
      await close();
      await engine.close();
    },
  };
}

/** Waits for both, even if one fails: a connection must not close while it is in use. */
async function both<A, B>(one: Promise<A>, other: Promise<B> | undefined): Promise<[A, B | undefined]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}

function hasBudgets({ parties }: Room): boolean {
  return Object.values(parties).some(({ tables }) => tables.some(({ rule }) => rule?.differentialPrivacy));
}

async function rowsOf(
  engine: Engine,
  ledger: Ledger,
  { guarded, privatePlan }: QueryPlan,
  within: Limits,
): Promise<Value[][]> {
  const hidden = (error: unknown) => {
    throw withoutData(error, guarded);
  };
  const select = await answerPrivately(privatePlan, {
    each: (select, types, use) => engine.each(select, types, use, within).catch(hidden),
    ledger,
    limits: within,
  }).catch((error) => {
    const call = guarded.templates.find(({ hidden }) => hidden);
    if (!(error instanceof Refusal) || call === undefined) throw error;
    throw new Refusal(
      "query template",
      `${calledName(call.called)} cannot answer: a privacy budget is spent, or its data does not allow it.`,
    );
  });
  return engine
    .rows(
      select,
      guarded.query.outputs.map(({ column }) => column.type),
      within,
    )
    .catch(hidden);
}

async function budgetsOf({ guarded, privatePlan }: QueryPlan, ledger: Ledger): Promise<Budget[]> {
  const budgets = new Map<string, Budget>();
  const charges = privatePlan.parts.flatMap(({ select: { charge } }) => charge ?? []);
  for (const { table, hidden } of guarded.views) {
    const rule = table.rule?.differentialPrivacy;
    if (rule === undefined || hidden) continue;
    const { epsilonBudget, deltaBudget } = rule;
    const spent = await ledger.spent(table.id);
    const own = charges.filter(({ view }) => view === table.id);
    const taken = (name: "epsilon" | "delta") =>
      Number(own.reduce((sum, charge) => sum + charge[name], 0).toPrecision(9));
    budgets.set(table.id, {
      view: shortName(table),
      epsilonTaken: taken("epsilon"),
      deltaTaken: taken("delta"),
      epsilonLeft: left(spent.epsilon, epsilonBudget),
      epsilonBudget,
      deltaLeft: left(spent.delta, deltaBudget),
      deltaBudget,
    });
  }
  return [...budgets.values()];
}

/** DuckDB's error message can quote the value that it failed on, so it is never shown when a view with a rule or a template was read. */
function withoutData(error: unknown, { views, templates }: Protected): unknown {
  if (!(error instanceof RunError) || error.why !== "failed") return error;
  if (templates.some(({ hidden }) => hidden))
    return new RunError(
      "failed",
      "The query failed in a query template or on its answer. The cause is withheld, because it could reveal a row",
    );
  if (views.length > 0)
    return new RunError(
      "failed",
      "The query failed over rows of a view with a rule. The cause is withheld, because it could reveal a row",
    );
  return new RunError(
    "failed",
    `The query failed: ${error.message.split("\n")[0]?.replace(/^[A-Z][\w ]+ Error: /, "")}`,
  );
}
