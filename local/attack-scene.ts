import { problemOf } from "analysis-rules";
import type { Value } from "googlesql-duckdb";
import type { Party } from "../cleanroom/party.ts";
import { type AttackRoom, viewOf, type Way } from "./attack-room.ts";

/* The parts that the attacks share: the truth to judge claims by, the persons to attack, and how to ask under each rule. */

/** The attack room and the truth about it. The attacker is the merchant. */
export interface Scene {
  readonly room: AttackRoom;
  /** For each of the merchant's customers with a wallet, by id: whether the customer pays for the tier. */
  readonly members: ReadonlyMap<number, boolean>;
  /** The ids of all the merchant's customers. */
  readonly customers: readonly number[];
}

/** Reads the truth, in an order that is random and always the same. */
export async function sceneOf(room: AttackRoom): Promise<Scene> {
  const rows = await room.truth(`SELECT u.id, p.account_tier <> 'Free' FROM merchant.users AS u
    LEFT JOIN ewallet_provider.provider_users AS p ON p.hashed_email = u.hashed_email ORDER BY md5(u.id::VARCHAR)`);
  const members = rows.filter(([, pays]) => pays !== null).map(([id, pays]) => [Number(id), pays === true] as const);
  return { room, members: new Map(members), customers: rows.map(([id]) => Number(id)) };
}

/** Members to attack: half of them pay, so that guessing is right about half. */
export function targets({ members }: Scene, count: number): number[] {
  const of = (pays: boolean) => [...members.keys()].filter((id) => members.get(id) === pays).slice(0, count / 2);
  return [...of(true), ...of(false)];
}

/** SELECT in the form that each way of sharing requires. */
export const selects: Readonly<Record<Way, string>> = {
  "list overlap": "SELECT",
  threshold: "SELECT WITH AGGREGATION_THRESHOLD",
  "differential privacy": "SELECT WITH DIFFERENTIAL_PRIVACY",
};

/** The aggregate that counts the rows for which a condition holds. */
export function countOf(way: Way, condition: string): string {
  if (way !== "differential privacy") return `COUNTIF(${condition})`;
  return `SUM(IF(${condition}, 1, 0), contribution_bounds_per_group => (0, 1))`;
}

/** The condition for a person of the attacked view who pays for the tier. */
export const PAYS = "p.account_tier <> 'Free'";

/** The attacked view joined with the merchant's customers. */
export function joined(way: Way, budget?: number): string {
  return `${viewOf("merchant", way, budget)} AS p JOIN merchant.users AS u ON u.hashed_email = p.hashed_email`;
}

/** The rule that refuses a query. */
export interface Refused {
  readonly refusedBy: string;
}

/** Asks, and returns the rows, or the rule that refuses the query. Throws if the query is wrong. */
export async function ask(
  { room }: Scene,
  sql: string,
  party: Party = "merchant",
): Promise<readonly (readonly Value[])[] | Refused> {
  try {
    return (await room.ask(party, sql)).rows;
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    if (!rules.has(problem.rule)) throw new Error(`${problem.message} (${problem.rule})\n${sql.slice(0, 2000)}`);
    return { refusedBy: problem.rule };
  }
}

/** The rules that can stop an attack. Any other problem is a mistake in the attack. */
const rules: ReadonlySet<string> = new Set([
  "aggregation threshold",
  "differential privacy",
  "privacy unit",
  "allowed aggregates",
  "join restriction",
  "private join",
  "subquery",
  // With query templates: a query for a column that the answer lacks, and a room without templates.
  "GoogleSQL",
  "names",
]);

/** Customers who certainly have a wallet: the view of payments shows which orders they paid with it. */
export async function knownMembers(scene: Scene, count: number): Promise<number[]> {
  const rows = await ask(
    scene,
    `SELECT DISTINCT o.user_id FROM linked_ewallet_provider.transactions_shared AS t
    JOIN merchant.orders AS o ON o.order_id = t.order_id ORDER BY o.user_id LIMIT ${count}`,
  );
  return "refusedBy" in rows ? [] : rows.map(([id]) => Number(id));
}

/** A query may read 40 tables, and each condition reads two. */
const PER_QUERY = 20;

/**
 * Asks for the number of paying customers under several conditions on `id`: a number for each, undefined if the rule leaves it out.
 * Under differential privacy each spends the largest epsilon that the view allows a query.
 */
export async function payingWhere(
  scene: Scene,
  way: Way,
  conditions: readonly string[],
): Promise<(number | undefined)[] | Refused> {
  const [now, later] = [conditions.slice(0, PER_QUERY), conditions.slice(PER_QUERY)];
  const one = `${selects[way]} ${countOf(way, "pays")} AS n FROM customers WHERE`;
  const rows = await ask(
    scene,
    `WITH customers AS (SELECT p.hashed_email, u.id, ${PAYS} AS pays FROM ${joined(way)})
    ${now.map((condition, place) => `SELECT ${place} AS place, n FROM (${one} ${condition})`).join(" UNION ALL ")}`,
  );
  if ("refusedBy" in rows) return rows;
  const found = new Map(rows.map(([place, n]) => [Number(place), Number(n)]));
  const rest = later.length === 0 ? [] : await payingWhere(scene, way, later);
  return "refusedBy" in rest ? rest : [...now.map((_, place) => found.get(place)), ...rest];
}
