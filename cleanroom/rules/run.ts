import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, UserError } from "../../generator/errors.ts";
import { typeName } from "../duckdb/types.ts";
import { type Analysed, loadAnalyser, SqlError, type Type } from "../googlesql/analyser.ts";
import type { Party } from "../party.ts";
import { answerPrivately, BUDGET_FILE, type Ledger, left, openLedger } from "./differential/index.ts";
import { defaultLimits, type Engine, type Limits, openEngine, RunError } from "./engine.ts";
import { type Budget, type Explanation, explain, type ViewRule, viewRule } from "./explain.ts";
import { tableNamed } from "./names.ts";
import { type Plan, planOf, type Side, withAnswers } from "./plan.ts";
import type { Protected } from "./protect.ts";
import { shortName } from "./relation.ts";
import { catalogOf, type Room, tablesOf } from "./room.ts";
import { suppressedGroups } from "./suppressed.ts";
import type { Value } from "./values.ts";
import { ruleInWords } from "./words.ts";

/** The file that says what each party can name, beside the warehouse. */
export const ROOM_FILE = "clean-room.json";
const WAREHOUSE_FILE = "warehouse.duckdb";

/** An answer; `Value` tells how its values are written. */
export interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly Value[])[];
  readonly explanation: Explanation;
}

/** The clean room of a rehearsal. */
export interface CleanRoom {
  /**
   * Runs a GoogleSQL query as a party, under the rules of the views that it reads.
   * Throws Refusal where a rule does not let it through, NotFound for a table that the party cannot see, SqlError for a query that is
   * wrong, UnsupportedSql for one that BigQuery runs and the rehearsal does not, RunError for one that needs too much.
   */
  ask(party: Party, sql: string): Promise<Answer>;
  /** Throws what `ask` would throw before anything runs. */
  check(party: Party, sql: string): Promise<void>;
  /** The views with a rule that a query names, whether it is let through or not; none where it cannot be read. */
  rulesFor(party: Party, sql: string): Promise<ViewRule[]>;
  close(): void;
}

/** Opens the clean room of the rehearsal in a folder. Throws UserError where there is none. */
export async function openRoom(folder: string, limits: Limits = defaultLimits): Promise<CleanRoom> {
  const room = readRoom(folder);
  const engine = await openEngine(join(folder, WAREHOUSE_FILE), limits);
  const ledger = openLedger(join(folder, BUDGET_FILE));
  const sides = new Map<Party, Promise<Side>>();
  const sideOf = (party: Party): Promise<Side> => {
    const side = sides.get(party) ?? openSide(room, party);
    sides.set(party, side);
    return side;
  };

  /** Where the analyser gives up, a new one is needed. */
  async function analysing<T>(party: Party, work: (side: Side) => T): Promise<T> {
    const side = await sideOf(party);
    try {
      return work(side);
    } catch (error) {
      if (!isExhausted(error)) throw error;
      sides.delete(party);
      throw new SqlError("The query is nested too deeply to be analysed: write it in a simpler form");
    }
  }

  const plan = (party: Party, sql: string) => analysing(party, (side) => planOf(room, party, side, sql));

  return {
    ask: async (party, sql) => run(engine, ledger, party, await plan(party, sql)),
    check: async (party, sql) => void (await plan(party, sql)),
    async rulesFor(party, sql) {
      const paths = await analysing(party, ({ analyser }) => analyser.tablesOf(sql)).catch(() => []);
      const named = paths.map((path) => tableNamed(room.tables[party], path));
      return [...new Set(named)].flatMap((table) => (table?.rule ? [viewRule(table, ruleInWords(table.rule))] : []));
    },
    close: () => engine.close(),
  };
}

function readRoom(folder: string): Room {
  const file = join(folder, ROOM_FILE);
  if (!existsSync(file)) throw new UserError(`there is no rehearsal in ${folder} yet: npm start makes one`);
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Room;
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${messageOf(error)}; npm start makes it anew`);
  }
}

async function openSide(room: Room, party: Party): Promise<Side> {
  return { analyser: await loadAnalyser(catalogOf(room, party)), table: tablesOf(room, party) };
}

/** WebAssembly's memory or a stack at its end. */
function isExhausted(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.constructor.name === "RuntimeError");
}

async function run(engine: Engine, ledger: Ledger, party: Party, { guarded, translate }: Plan): Promise<Answer> {
  const { query, differential, views } = guarded;
  const types = query.outputs.map(({ column }) => column.type);
  const rowsOf = (select: string, of: readonly Type[]) =>
    engine.rows(select, of).catch((error) => {
      throw withoutData(error, guarded);
    });
  const select =
    differential.length === 0
      ? translate(query, new Map())
      : await answerPrivately(query, differential, { translate: withAnswers(translate), rows: rowsOf, ledger });
  const rows = await rowsOf(select, types);
  const ownsAll = views.every(({ table }) => table.owner === party);
  const suppressed = ownsAll ? await suppressedGroups(engine, guarded, translate) : undefined;
  const explanation = explain(guarded, await budgetsOf(guarded, ledger), suppressed);
  return { columns: columnsOf(query), rows, explanation };
}

/** With the names that BigQuery gives to columns without one. */
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

/** DuckDB's words on what failed can hold the value that it failed on. */
function withoutData(error: unknown, { views }: Protected): unknown {
  if (!(error instanceof RunError) || error.why === "limit") return error;
  if (views.length > 0)
    return new RunError(
      "failed",
      "The query failed over rows of a protected view; what failed is not told, as it could tell of a row",
    );
  return new RunError(
    "failed",
    `The query failed: ${error.message.split("\n")[0]?.replace(/^[A-Z][\w ]+ Error: /, "")}`,
  );
}
