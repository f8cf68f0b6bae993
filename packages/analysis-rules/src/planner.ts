import { setImmediate } from "node:timers/promises";
import { type Analyser, loadAnalyser, SqlError, tableColumns } from "googlesql-duckdb/tree";
import { analysed, planOf, type QueryPlan, type Side } from "./query-plan.ts";
import { catalogOf, checkRoom, partyOf, type Room, type RoomTable, tableNamed, tablesOf } from "./room.ts";
import { readTemplate } from "./template-queries.ts";
import { callsIn, functionsOf, inline, templateOf } from "./templates.ts";

/** Checks and translates queries. Nothing runs. */
export interface Planner {
  /** Throws what `CleanRoom.check` throws, and RunError if the signal cancels it. */
  plan(party: string, sql: string, signal?: AbortSignal): Promise<QueryPlan>;
  /** The tables that a query names; undefined for one that the party cannot see. None if the query cannot be parsed. */
  tablesNamed(party: string, sql: string): Promise<(RoomTable | undefined)[]>;
  /** Ends the analysers. */
  close(): Promise<void>;
  /** Starts a party's analyser before its first query. If that fails, the first query says so. */
  start(party: string): void;
}

/** The most plans that are kept, and the longest text of one: the plan of a query of 2,000 characters takes half a megabyte. */
const MOST_KEPT = 64;
const LONGEST_KEPT = 10_000;

/** A planner for the parties of a room, each with an analyser of its own, which is loaded when it is first needed. */
export function plannerFor(room: Room): Planner {
  const sides = new Map<string, Promise<Side>>();
  const sideOf = (party: string): Promise<Side> => {
    const side = sides.get(party) ?? openSide(room, party);
    sides.set(party, side);
    return side;
  };
  // A query's tree names one of these tables only if the party can see it, or the owner of a template that the query calls.
  const tables = tablesOf(Object.values(room.parties).flatMap((party) => party.tables));

  // The last plans, by party and text. Often a question comes again: it is checked, then run, then shown to somebody else.
  const last = new Map<string, QueryPlan>();
  const keep = (key: string, plan: QueryPlan) => {
    for (const oldest of [...last.keys()].slice(0, 1 - MOST_KEPT)) last.delete(oldest);
    last.set(key, plan);
  };

  /** Works with a party's analyser. One that ran out of memory or stack is replaced before the next query. */
  async function analysing<T>(party: string, work: (side: Side) => T | Promise<T>): Promise<T> {
    partyOf(room, party);
    const side = await sideOf(party);
    try {
      return await work(side);
    } catch (error) {
      if (!isExhausted(error)) throw error;
      sides.delete(party);
      side.analyser.close();
      throw new SqlError("The query is nested too deeply to be analysed: write it in a simpler form");
    }
  }

  return {
    start(party) {
      sideOf(party).catch(() => {});
    },
    async plan(party, sql, signal) {
      const key = JSON.stringify([party, sql]);
      const known = last.get(key);
      if (known !== undefined) return known;
      const query = await analysing(party, (side) => analysed(side, sql, signal));
      const owners = new Map<string, Side>();
      for (const called of callsIn(query, partyOf(room, party))) {
        const { owner } = templateOf(room, called);
        owners.set(owner, await sideOf(owner));
      }
      const plan = await analysing(party, () => {
        const inlined = inline(query, room, party, (template, parameters) =>
          readTemplate(owners.get(template.owner) as Side, template, parameters, tables),
        );
        return planOf(inlined, tables);
      });
      if (sql.length <= LONGEST_KEPT) keep(key, plan);
      return plan;
    },
    async tablesNamed(party, sql) {
      const seen = partyOf(room, party).tables;
      const paths = await analysing(party, ({ analyser }) => analyser.tablesOf(sql)).catch(() => []);
      return paths.map((path) => tableNamed(seen, path));
    },
    async close() {
      for (const side of await Promise.allSettled(sides.values()))
        if (side.status === "fulfilled") side.value.analyser.close();
    },
  };
}

async function openSide(room: Room, name: string): Promise<Side> {
  return { party: partyOf(room, name), analyser: await analyserOf(room, name) };
}

/** The analyser for the queries of a party. Its `keep` lets later processes start sooner with this room. */
export function analyserOf(room: Room, name: string): Promise<Analyser> {
  const party = partyOf(room, name);
  return loadAnalyser(catalogOf(party.tables), undefined, functionsOf(room, party));
}

/** True if WebAssembly ran out of memory, or the stack overflowed. */
function isExhausted(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.constructor.name === "RuntimeError");
}

/**
 * Checks every template of a room as its owner would call it, with tables of no rows. Templates with a parameter of ANY TABLE are left out,
 * since their queries depend on the table.
 * @returns what is wrong with a template, by its id: Refusal, SqlError or UnsupportedSql
 * @example
 * for (const [id, error] of await checkTemplates(room)) console.error(`${id}: ${error.message}`);
 */
export async function checkTemplates(room: Room): Promise<Map<string, Error>> {
  checkRoom(room);
  const { plan, close } = plannerFor(room);
  const faults = new Map<string, Error>();
  try {
    for (const [party, { functions = [] }] of Object.entries(room.parties))
      for (const called of functions) {
        const { owner, parameters } = templateOf(room, called);
        const given = parameters.map((parameter) => ({ ...parameter, columns: tableColumns(parameter) }));
        if (owner !== party || given.some(({ columns }) => columns === "any")) continue;
        // Analysing keeps this thread busy: let the caller's other work run between two templates.
        await setImmediate();
        const args = given.map(({ type, columns }) =>
          typeof columns === "object"
            ? `(SELECT ${columns.map(({ name, kind }) => `CAST(NULL AS ${kind}) AS \`${name}\``).join(", ")})`
            : `CAST(NULL AS ${type})`,
        );
        const { project, dataset, name } = called;
        await plan(party, `SELECT * FROM \`${project}.${dataset}.${name}\`(${args.join(", ")})`).catch((error) =>
          faults.set(called.id, error),
        );
      }
  } finally {
    await close();
  }
  return faults;
}
