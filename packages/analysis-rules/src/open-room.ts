import {
  type Analysed,
  defaultLimits,
  type Engine,
  type Limits,
  loadAnalyser,
  openEngine,
  RunError,
  SqlError,
  type Type,
  typeName,
  type Value,
} from "googlesql-duckdb/tree";
import { answerPrivately, type Ledger, left, noLedger, openLedger } from "./differential/index.ts";
import { type Budget, type Explanation, explain, type ViewRule, viewRule } from "./explanation.ts";
import type { Protected } from "./protect.ts";
import { planOf, type QueryPlan, type Side } from "./query-plan.ts";
import { catalogOf, checkRoom, partyOf, type Room, RoomError, shortName, tableNamed, tablesOf } from "./room.ts";
import { suppressedGroups } from "./suppressed-groups.ts";

/** Where a clean room's rows, rules and budgets are. */
export interface RoomOptions {
  /** The DuckDB file with the tables and views. It is opened read-only. */
  readonly database: string;
  readonly room: Room;
  /** The file that records what was spent of the privacy budgets; created if missing. Needed once a view has differential privacy. */
  readonly ledger?: string;
  /** The limits of one query. @default 30 seconds, 500,000 rows, 100 MB of answer, 1 GB of memory */
  readonly limits?: Partial<Limits>;
}

/** An answer; `Value` of googlesql-duckdb/tree describes how values are written. */
export interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly Value[])[];
  readonly explanation: Explanation;
}

/** An open clean room. Its methods take the name of the party that asks, and throw RoomError if there is no such party. */
export interface CleanRoom {
  /**
   * Runs a GoogleSQL query as a party, under the rules of the views that it reads.
   * Throws Refusal if a rule refuses the query, NotFound for a table that the party cannot see, SqlError for a wrong query,
   * UnsupportedSql for a query that BigQuery runs and this package does not, RunError for one that exceeds a limit or fails.
   * @example
   * const { rows } = await room.ask("merchant", "SELECT COUNT(*) AS users FROM merchant.users"); // [[98]]
   */
  ask(party: string, sql: string): Promise<Answer>;
  /**
   * Checks a query without running it or spending a budget. Throws what `ask` throws before it runs anything.
   * @returns which rules apply, and the budgets as they are now
   */
  check(party: string, sql: string): Promise<Explanation>;
  /** The views with a rule that a query names, even if a rule refuses the query; none if the query cannot be parsed. */
  rulesFor(party: string, sql: string): Promise<ViewRule[]>;
  /** Closes the DuckDB file. */
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
export async function openRoom({ database, room, ledger: file, limits }: RoomOptions): Promise<CleanRoom> {
  checkRoom(room);
  if (file === undefined && hasBudgets(room))
    throw new RoomError("wrong", "a view has differential privacy, and no ledger is given to record its budget");
  const ledger = file === undefined ? noLedger : openLedger(file);
  const engine = await openEngine(database, { ...defaultLimits, ...limits });
  const sides = new Map<string, Promise<Side>>();
  const sideOf = (party: string): Promise<Side> => {
    const side = sides.get(party) ?? openSide(room, party);
    sides.set(party, side);
    return side;
  };

  /** Works with a party's analyser. One that ran out of memory or stack is replaced before the next query. */
  async function analysing<T>(party: string, work: (side: Side) => T): Promise<T> {
    partyOf(room, party);
    const side = await sideOf(party);
    try {
      return work(side);
    } catch (error) {
      if (!isExhausted(error)) throw error;
      sides.delete(party);
      throw new SqlError("The query is nested too deeply to be analysed: write it in a simpler form");
    }
  }

  const plan = (party: string, sql: string) => analysing(party, (side) => planOf(side, sql));

  return {
    async ask(party, sql) {
      const planned = await plan(party, sql);
      const rows = await rowsOf(engine, ledger, planned);
      const { views } = planned.guarded;
      const ownsAll = views.every(({ table }) => table.owner === party);
      const suppressed = ownsAll ? await suppressedGroups(engine, planned) : undefined;
      const explanation = explain(room, planned.guarded, await budgetsOf(planned.guarded, ledger), suppressed);
      return { columns: columnsOf(planned.guarded.query), rows, explanation };
    },
    async check(party, sql) {
      const { guarded } = await plan(party, sql);
      return explain(room, guarded, await budgetsOf(guarded, ledger));
    },
    async rulesFor(party, sql) {
      const { tables } = partyOf(room, party);
      const paths = await analysing(party, ({ analyser }) => analyser.tablesOf(sql)).catch(() => []);
      const named = new Set(paths.map((path) => tableNamed(tables, path)));
      return [...named].flatMap((table) => (table ? viewRule(room, table) : []));
    },
    close: () => engine.close(),
  };
}

function hasBudgets({ parties }: Room): boolean {
  return Object.values(parties).some(({ tables }) => tables.some(({ rule }) => rule?.differentialPrivacy));
}

async function openSide(room: Room, name: string): Promise<Side> {
  const party = partyOf(room, name);
  return { party, analyser: await loadAnalyser(catalogOf(party.tables)), table: tablesOf(party.tables) };
}

/** True if WebAssembly ran out of memory, or the stack overflowed. */
function isExhausted(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.constructor.name === "RuntimeError");
}

async function rowsOf(engine: Engine, ledger: Ledger, { guarded, privatePlan }: QueryPlan): Promise<Value[][]> {
  const rows = (select: string, types: readonly Type[]) =>
    engine.rows(select, types).catch((error) => {
      throw withoutData(error, guarded);
    });
  const select = await answerPrivately(privatePlan, { rows, ledger });
  return rows(
    select,
    guarded.query.outputs.map(({ column }) => column.type),
  );
}

/** The columns' names and types; a column without a name gets the name that BigQuery gives it. */
function columnsOf({ outputs }: Analysed): Answer["columns"] {
  let unnamed = 0;
  return outputs.map(({ name, column }) => ({
    name: name.startsWith("$") ? `f${unnamed++}_` : name,
    type: typeName(column.type),
  }));
}

async function budgetsOf({ views }: Protected, ledger: Ledger): Promise<Budget[]> {
  const budgets = new Map<string, Budget>();
  for (const { table } of views) {
    const rule = table.rule?.differentialPrivacy;
    if (rule === undefined) continue;
    const { epsilonBudget, deltaBudget } = rule;
    const spent = await ledger.spent(table.id);
    budgets.set(table.id, {
      view: shortName(table),
      epsilonLeft: left(spent.epsilon, epsilonBudget),
      epsilonBudget,
      deltaLeft: left(spent.delta, deltaBudget),
      deltaBudget,
    });
  }
  return [...budgets.values()];
}

/** DuckDB's error message can quote the value that it failed on, so it is never shown when a protected view was read. */
function withoutData(error: unknown, { views }: Protected): unknown {
  if (!(error instanceof RunError) || error.why === "limit") return error;
  if (views.length > 0)
    return new RunError(
      "failed",
      "The query failed over rows of a protected view. The cause is withheld, because it could reveal a row",
    );
  return new RunError(
    "failed",
    `The query failed: ${error.message.split("\n")[0]?.replace(/^[A-Z][\w ]+ Error: /, "")}`,
  );
}
