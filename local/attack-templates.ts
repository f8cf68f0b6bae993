import type { Value } from "googlesql-duckdb";
import { parties } from "../cleanroom/party.ts";
import { GUESSES } from "./attack-room.ts";
import { ask, knownMembers, type Scene, targets } from "./attack-scene.ts";
import type { Won } from "./attacks.ts";

/*
 * The same attacks on query templates. The attacker chooses only the table that it passes in: a query for more than the
 * template's answer is an error.
 */

const OVERLAP = `${parties.merchant.linked}.overlap_by_segment`;
const SPEND = `${parties.wallet.linked}.spend_by_segment`;

/** The people of a segment whose members the attacker knows: more than the template's least, and a multiple of its rounding. */
const KNOWN = 60;
/** The calls of the attack that averages the rounding. */
const CALLS = 25;

/** The template's answer about some lists, or the reason why there is none. */
async function call(scene: Scene, list: string, columns = "segment, with_wallet, paying") {
  return ask(scene, `SELECT ${columns} FROM ${OVERLAP}((${list}))`);
}

/** An attack by one query, which the template cannot answer, or answers with segments so large that they reveal nobody. */
async function oneQuery(scene: Scene, of: number, list: string, columns?: string): Promise<Won> {
  const rows = await call(scene, list, columns);
  return { right: 0, of, ...("refusedBy" in rows && rows) };
}

/** The attacks on the template, by the names of `attacks`. */
export const onTemplate: Readonly<Record<string, (scene: Scene) => Promise<Won>>> = {
  "Reading the rows": (scene) =>
    oneQuery(
      scene,
      scene.members.size,
      "SELECT hashed_email, 'all' AS segment FROM merchant.users",
      "hashed_email, account_tier",
    ),

  async "Probing with guessed addresses"(scene) {
    const sql = `SELECT segment FROM ${SPEND}((SELECT hashed_email, email AS segment FROM ${GUESSES}))`;
    const rows = await ask(scene, sql, "wallet");
    const of = scene.customers.length;
    return "refusedBy" in rows ? { right: 0, of, ...rows } : { right: rows.length, of };
  },

  "A condition in the aggregate"(scene) {
    const ids = targets(scene, 20);
    const list = `SELECT hashed_email, CAST(id AS STRING) AS segment FROM merchant.users WHERE id IN (${ids.join(", ")})`;
    return oneQuery(
      scene,
      ids.length,
      `${list} UNION ALL SELECT hashed_email, 'others' FROM merchant.users WHERE id NOT IN (${ids.join(", ")})`,
    );
  },

  "Linear reconstruction"(scene) {
    const ids = targets(scene, 300);
    return oneQuery(
      scene,
      ids.length,
      `SELECT u.hashed_email, CAST(s.id AS STRING) AS segment FROM merchant.users AS u CROSS JOIN merchant.users AS s
      WHERE u.id IN (${ids.join(", ")}) AND s.id IN (${scene.customers.slice(0, 40).join(", ")}) AND MOD(u.id + s.id, 2) = 0`,
    );
  },

  async Padding(scene) {
    const known = await knownMembers(scene, KNOWN);
    return oneQuery(
      scene,
      scene.members.size,
      `SELECT hashed_email, CAST(id AS STRING) AS segment FROM merchant.users UNION ALL SELECT k.hashed_email, CAST(t.id AS STRING)
      FROM merchant.users AS t CROSS JOIN (SELECT hashed_email FROM merchant.users WHERE id IN (${known.join(", ")})) AS k`,
    );
  },

  async Differencing(scene) {
    const ids = targets(scene, 20);
    const everybody = "SELECT hashed_email, 'all' AS segment FROM merchant.users";
    const all = await call(scene, everybody);
    let right = 0;
    for (const id of ids) {
      const others = await call(scene, `${everybody} WHERE id <> ${id}`);
      if ("refusedBy" in all || "refusedBy" in others) return { right: 0, of: ids.length };
      if (Number(all[0]?.[2]) > Number(others[0]?.[2]) === scene.members.get(id)) right++;
    }
    return { right, of: ids.length, byGuessing: ids.length / 2 };
  },

  "The threshold's edge": (scene) => membership(scene, 1, 49, 600),
  async "Averaging the noise"(scene) {
    const { byGuessing: _, ...won } = await membership(scene, CALLS, KNOWN, 100);
    return { ...won, only: `only who has a wallet, by ${CALLS} calls, which the owner sees` };
  },
};

/**
 * Asks who has a wallet: each person in a segment with `size` known members. The template rounds the number of members to tens, up or down by
 * chance. It never rounds KNOWN up, and one person more in a tenth of all calls. Each call adds another known member elsewhere, for
 * another draw. A view with a threshold of 50 shows a segment with 49 known members and one more.
 * @param others how many known members are in a segment of their own
 */
async function membership(scene: Scene, calls: number, size: number, others: number): Promise<Won> {
  const known = await knownMembers(scene, 1_000_000);
  const isKnown = new Set(known);
  const unknown = scene.customers.filter((id) => !isKnown.has(id));
  const count = Math.min(10, 2 * Math.floor((known.length - others - calls) / size / 2));
  const having = unknown.filter((id) => scene.members.has(id)).slice(0, count / 2);
  const ids = [...having, ...unknown.filter((id) => !scene.members.has(id)).slice(0, count / 2)];
  const rest = known.slice(ids.length * size);
  /** Rows of id and segment. One text of many ids is analysed in a moment, thousands of numbers in a second. */
  const people = (of: readonly { readonly segment: string | number; readonly ids: readonly number[] }[]) =>
    `SELECT CAST(SPLIT(pair, ':')[OFFSET(0)] AS INT64) AS id, SPLIT(pair, ':')[OFFSET(1)] AS segment
    FROM UNNEST(SPLIT('${of.flatMap(({ segment, ids }) => ids.map((id) => `${id}:${segment}`)).join(" ")}', ' ')) AS pair`;
  const segments = ids.map((id, index) => ({
    segment: id,
    ids: known.slice(index * size, (index + 1) * size),
  }));
  const elsewhere = (each: number) => ({ segment: "rest", ids: rest.slice(each, each + others) });
  const asked = segments.map(({ segment, ids }) => ({ segment, ids: [...ids, segment] }));
  // Add twice as many made-up hashes to each segment, so that it has people without a wallet, too.
  const nobodies = `SELECT TO_HEX(SHA256(CONCAT(nobody, CAST(id AS STRING)))), segment
    FROM (${people([...segments, elsewhere(0)])}) CROSS JOIN UNNEST(['nobody', 'somebody']) AS nobody`;
  const most = new Map<string, number>();
  for (let each = 0; each < calls; each++) {
    const list = `SELECT hashed_email, segment FROM merchant.users JOIN (${people([...asked, elsewhere(each)])}) USING (id)
      UNION ALL ${nobodies}`;
    const rows = await call(scene, list, "segment, with_wallet");
    if ("refusedBy" in rows) return { right: 0, of: ids.length, ...rows };
    for (const [segment, members] of rows as readonly (readonly Value[])[])
      most.set(String(segment), Math.max(most.get(String(segment)) ?? 0, Number(members)));
  }
  const isMember = (id: number) => (most.get(String(id)) ?? 0) > size;
  const right = ids.filter((id) => isMember(id) === scene.members.has(id)).length;
  return most.size === 0 ? { right: 0, of: ids.length } : { right, of: ids.length, byGuessing: ids.length / 2 };
}
