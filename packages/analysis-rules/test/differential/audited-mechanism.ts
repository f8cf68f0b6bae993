import {
  type Analysed,
  type Analyser,
  type Engine,
  loadAnalyser,
  openEngine,
  toDuckDb,
  type Value,
} from "googlesql-duckdb/tree";
import { noLedger } from "../../src/differential/ledger.ts";
import type { Chance } from "../../src/differential/noise.ts";
import { answerPrivately, planPrivately } from "../../src/differential/private-answer.ts";
import { makeDatabase } from "../temporary-files.ts";
import { payments, selectsOf } from "./payments-view.ts";

/** The mechanism, ready for many runs on two databases that differ by one person. */
export interface Audited {
  /**
   * Answers a query many times.
   * @param table the database: `whole`, or `without` the person
   * @param broken a fault to build into the mechanism
   * @returns the rows of each answer, as texts
   */
  runs(sql: string, table: Database, count: number, chance: Chance, broken?: Fault): Promise<(string | null)[][][]>;
  close(): Promise<void>;
}

export type Database = "whole" | "without";

/** A fault: other noise, or other SQL for the contributions. */
export interface Fault {
  readonly noise?: (uniform: number) => number;
  readonly contributions?: (sql: string) => string;
}

/** Laplace noise is the difference of two logarithms, so the root of each uniform number halves it, and the square doubles it. */
export const halfTheNoise: Fault = { noise: Math.sqrt };
export const aQuarterOfTheNoise: Fault = { noise: (uniform) => uniform ** (1 / 4) };
export const aSixthOfTheNoise: Fault = { noise: (uniform) => uniform ** (1 / 6) };
export const aTwentiethOfTheNoise: Fault = { noise: (uniform) => uniform ** (1 / 20) };
export const twiceTheNoise: Fault = { noise: (uniform) => uniform ** 2 };

/** A person counts in every group, whatever max_groups_contributed says. */
export const noLimitOfGroups: Fault = {
  contributions: (sql) => changed(sql, / QUALIFY row_number\(\) OVER \(.*?\) <= \d+/, ""),
};

/** A person counts with the whole contribution, whatever the bounds say. */
export const noBounds: Fault = {
  contributions: (sql) =>
    changed(sql, /greatest\('[^']+'::DOUBLE, least\('[^']+'::DOUBLE, (.*?)\)\) END AS v0/, "$1 END AS v0"),
};

function changed(sql: string, from: RegExp, to: string): string {
  const other = sql.replace(from, to);
  if (other === sql) throw new Error(`the fault changes nothing in ${sql}`);
  return other;
}

/**
 * Opens the mechanism.
 * @param people SELECT of DuckDB for the columns person, status and items, in which person 0 is the one who is left out
 */
export async function audited(file: string, people: string): Promise<Audited> {
  await makeDatabase(
    file,
    `CREATE TABLE payments AS SELECT person, status, DATE '2025-01-01' AS day, items::DOUBLE AS amount, items, 1::DECIMAL(38, 9) AS price
      FROM (${people}); CREATE VIEW whole AS FROM payments; CREATE VIEW without AS FROM payments WHERE person <> 0`,
  );
  const engine = await openEngine(file);
  const analyser = await loadAnalyser([{ id: "v", paths: [["linked", "payments"]], columns: payments().columns }]);
  const analysed = new Map<string, Analysed>();
  const analyse = (sql: string) => {
    const query = analysed.get(sql) ?? analyser.analyse(sql);
    analysed.set(sql, query);
    return query;
  };
  // Contributions depend on nothing random but the key, so DuckDB computes them once for each key.
  const computed = new Map<string, Promise<Value[][]>>();
  const rows: Engine["rows"] = (select, types) => {
    const found = computed.get(select) ?? engine.rows(select, types);
    computed.set(select, found);
    return found;
  };
  return { runs: (...args) => runs(analyse, rows, ...args), close: () => engine.close() };
}

async function runs(
  analyse: Analyser["analyse"],
  rows: Engine["rows"],
  ...[sql, table, count, chance, broken = {}]: Parameters<Audited["runs"]>
): Promise<(string | null)[][][]> {
  const { noise = (uniform) => uniform, contributions = (select) => select } = broken;
  const query = analyse(sql);
  const plan = planPrivately(query, selectsOf(query), (of, answers) =>
    toDuckDb(of, {
      relation: () => table,
      notes: new Map([...answers].map(([scan, answer]) => [scan, { answer }])),
      sensitive: true,
    }),
  );
  const each: Engine["each"] = async (select, types, use) => {
    for (const row of await rows(contributions(select), types)) use(row);
  };
  const all: (string | null)[][][] = [];
  for (let run = 0; run < count; run++) {
    const own: Chance = { uniform: () => noise(chance.uniform()), key: () => String(run % KEYS) };
    all.push(rowsIn(await answerPrivately(plan, { each, ledger: noLedger, chance: own })));
  }
  return all;
}

/** The noisy rows that an answer's SQL holds. Running it would only read them out again, a hundred times slower. */
function rowsIn(sql: string): (string | null)[][] {
  const [, list] = /\(VALUES (.*)\) AS answers\(/.exec(sql) ?? [];
  if (list === undefined && !sql.includes("WHERE false)")) throw new Error(`no answer is found in ${sql}`);
  return [...(list ?? "").matchAll(/\(([^()]*)\)/g)].map(([, row = ""]) =>
    row.split(", ").map((value) => (value === "NULL" ? null : value.slice(1, -1))),
  );
}

/** The number of different choices of groups. Each alone has the declared epsilon, and so has their mixture. */
const KEYS = 10;
