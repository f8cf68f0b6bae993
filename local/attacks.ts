import { createHash } from "node:crypto";
import { PRIVACY_BUDGET, THRESHOLD } from "../cleanroom/shared-views.ts";
import { GUESSES, LARGE_BUDGET, viewOf, type Way } from "./attack-room.ts";
import { ask, countOf, joined, knownMembers, PAYS, payingWhere, type Scene, selects, targets } from "./attack-scene.ts";
import { isLikelyOne, leastSquares } from "./attack-statistics.ts";

/*
 * The known attacks on each way of sharing a view. The merchant wants to know which of its customers have a wallet, and which of these pay
 * for their tier. Each attack is run, and its claims are compared with the tables.
 */

/** The outcome of an attack on one way of sharing. */
export interface Won {
  /** The persons about whom the attacker is right. */
  readonly right: number;
  /** The persons about whom it wants to know something. */
  readonly of: number;
  /** The persons about whom a mere guess would be right; undefined if that is nobody. */
  readonly byGuessing?: number;
  /** A sentence about what the attacker learns, if that is less than it wants. */
  readonly only?: string;
  /** The rule that refused the query. */
  readonly refusedBy?: string;
}

/** An attack. */
export interface Attack {
  readonly name: string;
  /** The facts that the attacker wants, in a few words. */
  readonly wants: string;
  /** Attacks a view that is shared in this way. */
  run(scene: Scene, way: Way): Promise<Won>;
}

/** The persons of an attack that asks about one after the other. */
const FEW = 20;

const readingRows: Attack = {
  name: "Reading the rows",
  wants: "tiers of all common customers",
  run: (scene, way) => claims(scene, `SELECT u.id, ${PAYS} FROM ${joined(way)}`, [...scene.members.keys()]),
};

const probing: Attack = {
  name: "Probing with guessed addresses",
  wants: "the merchant's customers, by name",
  async run(scene, way) {
    const rows = await ask(
      scene,
      `SELECT g.email, u.gender, u.country FROM ${viewOf("wallet", way)} AS u
      JOIN ${GUESSES} AS g ON g.hashed_email = u.hashed_email`,
      "wallet",
    );
    const of = scene.customers.length;
    if ("refusedBy" in rows) return { right: 0, of, ...rows };
    const truth = await scene.room.truth("SELECT email, gender, country FROM merchant.users");
    const known = new Set(truth.map((row) => row.join("|")));
    return { right: rows.filter((row) => known.has(row.join("|"))).length, of };
  },
};

const conditionInside: Attack = {
  name: "A condition in the aggregate",
  wants: `tiers of ${FEW} customers`,
  async run(scene, way) {
    const ids = targets(scene, FEW);
    const columns = ids.map((id, index) => `${countOf(way, `u.id = ${id} AND ${PAYS}`)} AS c${index}`);
    await scene.room.restoreBudgets();
    const rows = await ask(scene, `${selects[way]} ${columns.join(", ")} FROM ${joined(way)}`);
    if ("refusedBy" in rows) return { right: 0, of: ids.length, ...rows };
    return judged(scene, ids, (_, index) => [Number(rows[0]?.[index])]);
  },
};

const differencing: Attack = {
  name: "Differencing",
  wants: `tiers of ${FEW} customers`,
  async run(scene, way) {
    const ids = targets(scene, FEW);
    // Under differential privacy every answer costs epsilon, so each person is attacked with a budget of its own.
    const batches = way === "differential privacy" ? ids.map((id) => [id]) : [ids];
    const differences: number[] = [];
    for (const batch of batches) {
      await scene.room.restoreBudgets();
      const found = await payingWhere(scene, way, ["TRUE", ...batch.map((id) => `id <> ${id}`)]);
      if ("refusedBy" in found) return { right: 0, of: ids.length, ...found };
      const [all = 0, ...others] = found;
      differences.push(...others.map((other = 0) => all - other));
    }
    return judged(scene, ids, (_, index) => [differences[index] ?? 0]);
  },
};

const averaging: Attack = {
  name: "Averaging the noise",
  wants: `tiers of ${FEW} customers`,
  async run(scene, way) {
    const ids = targets(scene, FEW);
    const answers = new Map<number, number[]>();
    const isNoisy = way === "differential privacy";
    const each = isNoisy ? Math.floor(PRIVACY_BUDGET.epsilonBudget / PRIVACY_BUDGET.maxEpsilonPerQuery) : 1;
    // An answer without noise is the same every time, and costs nothing: ask about all persons at once.
    for (const batch of isNoisy ? ids.map((id) => [id]) : [ids]) {
      await scene.room.restoreBudgets();
      const asked = batch.flatMap((id) => Array<number>(each).fill(id));
      const found = await payingWhere(
        scene,
        way,
        asked.map((id) => `id = ${id}`),
      );
      if ("refusedBy" in found) return { right: 0, of: ids.length, ...found };
      for (const id of batch)
        answers.set(id, found.filter((n, index) => n !== undefined && asked[index] === id) as number[]);
    }
    return judged(scene, ids, (id) => answers.get(id) ?? []);
  },
};

const reconstruction: Attack = {
  name: "Linear reconstruction",
  wants: "tiers of 300 customers",
  async run(scene, way) {
    const ids = targets(scene, Math.min(300, 2 * Math.floor(scene.members.size / 5)));
    const subsets = scene.customers.slice(0, Math.round(ids.length * 1.2));
    await scene.room.restoreBudgets();
    // Each subset holds a random half of the persons.
    const rows = await ask(
      scene,
      `${selects[way]} m.subset, ${countOf(way, PAYS)} AS n
      FROM (SELECT s.id AS subset, u.hashed_email FROM merchant.users AS u CROSS JOIN merchant.users AS s
        WHERE u.id IN (${ids.join(", ")}) AND s.id IN (${subsets.join(", ")})
        AND SUBSTR(TO_HEX(MD5(CONCAT(CAST(u.id AS STRING), '-', CAST(s.id AS STRING)))), 1, 1) < '8') AS m
      JOIN ${viewOf("merchant", way)} AS p ON p.hashed_email = m.hashed_email GROUP BY m.subset`,
    );
    if ("refusedBy" in rows) return { right: 0, of: ids.length, ...rows };
    if (rows.length === 0) return judged(scene, ids, () => []);
    const isIn = (id: number, subset: Rows[number][number]) =>
      createHash("md5").update(`${id}-${subset}`).digest("hex").charAt(0) < "8";
    const found = leastSquares(
      rows.map(([subset = null]) => ids.map((id) => isIn(id, subset))),
      rows.map(([, n]) => Number(n)),
    );
    return judged(scene, ids, (_, index) => [found[index] ?? 0]);
  },
};

const thresholdsEdge: Attack = {
  name: "The threshold's edge",
  wants: "who of all customers has a wallet",
  async run(scene, way) {
    const known = await knownMembers(scene, THRESHOLD - 1);
    const asked = attackable(scene, way).filter((id) => !known.includes(id));
    await scene.room.restoreBudgets();
    const rows = await ask(scene, `${selects[way]} m.target, ${countOf(way, "TRUE")} AS n ${padded(way, known)}`);
    const size = asked.filter((id) => scene.members.has(id)).length;
    const outcome = { of: asked.length, byGuessing: Math.max(size, asked.length - size) };
    if ("refusedBy" in rows) return { right: 0, ...outcome, ...rows };
    if (rows.length === 0) return { right: 0, ...outcome };
    // The group appears if the person is a member. Without a threshold, the count tells the same.
    const full = new Set(rows.filter(([, n]) => Number(n) >= THRESHOLD).map(([id]) => Number(id)));
    return { right: asked.filter((id) => full.has(id) === scene.members.has(id)).length, ...outcome };
  },
};

const padding: Attack = {
  name: "Padding",
  wants: "tiers of all common customers",
  async run(scene, way) {
    const known = await knownMembers(scene, THRESHOLD + 2);
    const asked = attackable(scene, way).filter((id) => scene.members.has(id));
    await scene.room.restoreBudgets();
    return claims(
      scene,
      `SELECT target, pays > 0 FROM (
        ${selects[way]} m.target, ${countOf(way, "m.is_target")} AS found, ${countOf(way, `m.is_target AND ${PAYS}`)} AS pays
        ${padded(way, known)}) WHERE found > 0`,
      asked,
    );
  },
};

/** All attacks, the plainest first. */
export const attacks: readonly Attack[] = [
  readingRows,
  probing,
  conditionInside,
  differencing,
  averaging,
  reconstruction,
  thresholdsEdge,
  padding,
];

/**
 * How often an attacker is right who spends a whole budget on one person, at epsilon 1 per answer, for several budgets.
 * One answer with 20 aggregates at epsilon 20 stands for the 20 answers: each of its aggregates has the noise of epsilon 1.
 */
export async function byBudget(scene: Scene, budgets: readonly number[], persons: number) {
  const ids = targets(scene, persons);
  const columns = Array.from(
    { length: LARGE_BUDGET },
    (_, index) => `${countOf("differential privacy", PAYS)} AS c${index}`,
  );
  const answers = new Map<number, number[]>();
  for (const id of ids) {
    await scene.room.restoreBudgets();
    const rows = await ask(
      scene,
      `${selects["differential privacy"]} OPTIONS (epsilon = ${LARGE_BUDGET}) ${columns.join(", ")}
      FROM ${joined("differential privacy", LARGE_BUDGET)} WHERE u.id = ${id}`,
    );
    if ("refusedBy" in rows) throw new Error(`a budget of ${LARGE_BUDGET} does not cover an answer`);
    answers.set(id, (rows[0] ?? []).map(Number));
  }
  return budgets.map((budget) => ({
    budget,
    ...judged(scene, ids, (id) => (answers.get(id) ?? []).slice(0, budget)),
  }));
}

type Rows = Exclude<Awaited<ReturnType<typeof ask>>, { refusedBy: string }>;

/** The outcome of one query whose rows are claims: a customer's id, and whether the customer pays. */
async function claims(scene: Scene, sql: string, asked: readonly number[]): Promise<Won> {
  const rows = await ask(scene, sql);
  if ("refusedBy" in rows) return { right: 0, of: asked.length, ...rows };
  const right = rows.filter(([id, pays]) => scene.members.get(Number(id)) === Boolean(pays)).length;
  return { right, of: asked.length };
}

/** The outcome of answers about single persons, half of whom pay. A person without an answer does not count. */
function judged({ members }: Scene, ids: readonly number[], answersOf: (id: number, index: number) => number[]): Won {
  const right = ids.filter((id, index) => {
    const answers = answersOf(id, index);
    return answers.length > 0 && isLikelyOne(answers) === members.get(id);
  });
  return { right: right.length, of: ids.length, byGuessing: ids.length / 2 };
}

/** One in this many customers is attacked under differential privacy, where the attack learns nothing and each row takes time. */
const SAMPLE = 20;

function attackable({ customers }: Scene, way: Way): number[] {
  return way === "differential privacy" ? customers.filter((id) => id % SAMPLE === 0) : [...customers];
}

/** A group for each customer: the customer and the same known members, so that every group is large. */
function padded(way: Way, known: readonly number[]): string {
  const from = `merchant.users AS t ${way === "differential privacy" ? `WHERE MOD(t.id, ${SAMPLE}) = 0` : ""}`;
  return `FROM (SELECT t.id AS target, t.hashed_email, TRUE AS is_target FROM ${from} UNION ALL
    SELECT t.id, k.hashed_email, FALSE FROM (SELECT t.id FROM ${from}) AS t
    CROSS JOIN (SELECT id, hashed_email FROM merchant.users WHERE id IN (${known.join(", ")})) AS k WHERE k.id <> t.id) AS m
    JOIN ${viewOf("merchant", way)} AS p ON p.hashed_email = m.hashed_email GROUP BY m.target`;
}
