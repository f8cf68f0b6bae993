import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";
import { type AnalysisRule, type CleanRoom, openRoom, type Room, type RoomTable, readRoom } from "analysis-rules";
import type { Overrides } from "../cleanroom/overrides.ts";
import { otherParty, type Party, parties } from "../cleanroom/party.ts";
import { shareViews } from "../cleanroom/views.ts";
import { firstNames, lastNames, mailDomains } from "../generator/thelook/synthetic-values.ts";
import { databases } from "./output-folder.ts";
import { roomFile } from "./rehearsed-room.ts";

/*
 * A copy of the rehearsed clean room to attack. It shares the same view once under each rule, so that the attacks can be compared, and
 * has a table that the attacker made: every address made from common names. Nothing in the rehearsal itself changes, and no budget is spent.
 */

/** The ways to share a view. */
export const ways = ["list overlap", "threshold", "differential privacy"] as const;
/** A way to share a view. */
export type Way = (typeof ways)[number];

/** A clean room that can be attacked. */
export interface AttackRoom {
  /** Asks as the attacker. */
  ask: CleanRoom["ask"];
  /** Reads the tables themselves, in DuckDB's SQL, to judge an attack's claims. */
  truth(sql: string): Promise<DuckDBValue[][]>;
  /** Resets all privacy budgets, so that the next attack starts with full ones. */
  restoreBudgets(): Promise<void>;
  close(): Promise<void>;
}

/** The view that each party attacks, of the other party's people. */
const attacked: Readonly<Record<Party, string>> = { merchant: "provider_users_shared", wallet: "users_shared" };

/** The name of the attacked view as a party's query writes it, for a way of sharing it. `budget` chooses the one with a larger privacy budget. */
export function viewOf(attacker: Party, way: Way, budget?: number): string {
  return `${parties[attacker].linked}.${nameOf(attacked[attacker], way, budget)}`;
}

function nameOf(view: string, way: Way, budget?: number): string {
  return `${view}_by_${way.replace(" ", "_")}${budget === undefined ? "" : `_${budget}`}`;
}

/** The largest budget that the attacks try, to compare smaller ones with. */
export const LARGE_BUDGET = 20;

/**
 * Copies the rehearsed room in a folder for the attacks. `close` deletes the copy.
 * Throws UserError if the folder holds no rehearsal.
 */
export async function openAttackRoom(rehearsal: string): Promise<AttackRoom> {
  const room = withEveryRule(readRoom(roomFile(rehearsal)));
  const folder = await mkdtemp(join(tmpdir(), "attack-"));
  const ledger = join(folder, "budget.jsonl");
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const database = join(folder, databases.cleanRoom);
    await copy(join(rehearsal, databases.cleanRoom), database);
    const open = await openRoom({ database, room, ledger, limits: { rows: 2_000_000, bytes: 1_000_000_000 } });
    const instance = await DuckDBInstance.create(database, { access_mode: "READ_ONLY" });
    const tables = await instance.connect();
    return {
      ask: open.ask,
      truth: async (sql) => (await tables.runAndReadAll(sql)).getRows(),
      restoreBudgets: () => rm(ledger, { force: true }),
      async close() {
        await open.close();
        tables.closeSync();
        instance.closeSync();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The room's description with the attacked views under each rule, and with the wallet's table of guesses. */
function withEveryRule({ parties: described, ...room }: Room): Room {
  const withViews = (attacker: Party) => {
    const party = described[attacker] as Room["parties"][string];
    const view = party.tables.find(
      ({ dataset, table }) => dataset === parties[attacker].linked && table === attacked[attacker],
    );
    const shared = view === undefined ? [] : ways.flatMap((way) => variants(attacker, view, way));
    return { ...party, tables: [...party.tables, ...shared] };
  };
  const wallet = withViews("wallet");
  const guesses: RoomTable = {
    id: `${wallet.project}.${GUESSES}`,
    project: wallet.project,
    dataset: "attacker",
    table: "guesses",
    owner: "wallet",
    columns: ["email", "hashed_email"].map((name) => ({ name, kind: "STRING" })),
    relation: GUESSES,
  };
  return {
    ...room,
    parties: { merchant: withViews("merchant"), wallet: { ...wallet, tables: [...wallet.tables, guesses] } },
  };
}

/** A view shared in a way, under the rule that the stack would give it; under differential privacy also with a larger budget. */
function variants(attacker: Party, view: RoomTable, way: Way): RoomTable[] {
  const shared = (rule: AnalysisRule, budget?: number): RoomTable => {
    const table = nameOf(view.table, way, budget);
    return { ...view, id: `${view.id}_${table}`, table, rule };
  };
  const rule = ruleFor(attacker, way);
  const { differentialPrivacy } = rule;
  if (differentialPrivacy === undefined) return [shared(rule)];
  const large = { ...differentialPrivacy, maxEpsilonPerQuery: LARGE_BUDGET, epsilonBudget: LARGE_BUDGET + 1 };
  return [shared(rule), shared({ ...rule, differentialPrivacy: large }, LARGE_BUDGET)];
}

/** The value of the setting `sharedViews` that shares an attacked view in this way. */
function ruleFor(attacker: Party, way: Way): AnalysisRule {
  const rule = way === "threshold" ? "aggregation_threshold" : way.replace(" ", "_");
  const unit = way === "list overlap" ? {} : { privacyUnitColumn: "hashed_email" };
  const overrides: Overrides = { [attacked[attacker]]: { rule, ...unit } };
  const { views, wrong } = shareViews(overrides);
  const view = views.find(({ name, party }) => party === otherParty(attacker) && name.startsWith(attacked[attacker]));
  if (view === undefined) throw new Error(`${attacked[attacker]} cannot be shared by ${way}: ${wrong.join("; ")}`);
  return view.rule;
}

/** The table of the wallet, when it attacks: the addresses that it guesses, and their hashes. */
export const GUESSES = "attacker.guesses";

/** Every address of the form `firstlast@domain` that thelook's lists of names make. */
export function* guesses(): Generator<string> {
  for (const first of [...firstNames.F, ...firstNames.M])
    for (const last of lastNames) for (const domain of mailDomains) yield `${first}${last}@${domain}`.toLowerCase();
}

/** Copies the parties' tables and shared views to a new DuckDB file, and adds the attacker's guesses. */
async function copy(from: string, to: string): Promise<void> {
  const instance = await DuckDBInstance.create(to);
  const connection = await instance.connect();
  const names = async (sql: string) => (await connection.runAndReadAll(sql)).getRows().map(([name]) => String(name));
  const list = (words: Iterable<string>) => `[${[...words].map((word) => `'${word}'`).join(", ")}]`;
  try {
    await connection.run(`ATTACH '${from.replaceAll("'", "''")}' AS rehearsal (READ_ONLY)`);
    const own = Object.values(parties).map(({ dataset }) => dataset);
    const shared = Object.values(parties).map(({ shared: dataset }) => dataset);
    const tables = await names(`SELECT schema_name || '.' || table_name FROM duckdb_tables()
      WHERE database_name = 'rehearsal' AND schema_name IN ${list(own)}`);
    const views = await names(`SELECT sql FROM duckdb_views()
      WHERE database_name = 'rehearsal' AND schema_name IN ${list(shared)}`);
    const schemas = [...own, ...shared, "attacker"].map((name) => `CREATE SCHEMA ${name}`);
    await connection.run(
      [...schemas, ...tables.map((table) => `CREATE TABLE ${table} AS FROM rehearsal.${table}`), ...views].join(";\n"),
    );
    await connection.run(`CREATE TABLE ${GUESSES} AS
      SELECT email, sha256(email) AS hashed_email FROM (
        SELECT lower(first || last || '@' || domain) AS email
        FROM (SELECT unnest(${list([...firstNames.F, ...firstNames.M])}) AS first),
          (SELECT unnest(${list(lastNames)}) AS last), (SELECT unnest(${list(mailDomains)}) AS domain))`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
