import { expect } from "chai";
import { RunError } from "googlesql-duckdb/tree";
import { type Person, type SmallRoom, smallRoom } from "./small-room.ts";

/** Four persons in Lviv, two in Kyiv and one in Odesa, under a threshold of three. */
const person: Person = { city: "Lviv", tier: "Free", verified: true, points: 7, score: 1, rows: 1, shared: true };
const cities = ["Lviv", "Lviv", "Lviv", "Lviv", "Kyiv", "Kyiv", "Odesa"];

describe("The number of groups suppressed", () => {
  let small: SmallRoom;
  before(async () => {
    small = await smallRoom(cities.map((city) => ({ ...person, city })));
  });
  after(() => small.close());
  const suppressed = async (party: string, sql: string) =>
    (await small.room.ask(party, sql)).explanation.suppressedGroups;
  const byCity = (from: string) => `SELECT WITH AGGREGATION_THRESHOLD city, COUNT(*) AS n FROM ${from} GROUP BY city`;
  const own = "ewallet_provider_shared.people_open";

  it("is shown only to the owner of the view", async () => {
    expect(await suppressed("wallet", byCity(own))).to.equal(2);
    expect(await suppressed("merchant", byCity("linked.people_open"))).to.equal(undefined);
  });

  it("counts groups in WITH clauses and subqueries, over the WITH clauses that they read", async () => {
    const some = `some_people AS (SELECT * FROM ${own} WHERE city <> 'Odesa')`;
    expect(
      await suppressed("wallet", `WITH ${some}, answer AS (${byCity("some_people")}) SELECT n FROM answer`),
    ).to.equal(1);
    expect(
      await suppressed("wallet", `WITH ${some} SELECT a.n FROM (${byCity("some_people")}) AS a, (${byCity(own)}) AS b`),
    ).to.equal(3);
  });

  it("is no longer counted once the query is cancelled", async () => {
    const many = "UNNEST(GENERATE_ARRAY(1, 9000))";
    const sql = byCity(`${own}, (SELECT a FROM ${many} AS a, ${many} AS b, ${many} AS c WHERE MOD(a * b + c, 7) = 1)`);
    const began = performance.now();
    const error = await small.room
      .ask("wallet", sql, { signal: AbortSignal.timeout(300) })
      .catch((why: unknown) => why);
    expect(error).to.be.instanceOf(RunError).with.property("why", "cancelled");
    // On its own, the count would run until its limit of 30 seconds.
    expect(performance.now() - began).to.be.below(20_000);
  });

  it("is left out without a threshold", async () => {
    expect(await suppressed("wallet", "SELECT 1 AS one")).to.equal(undefined);
  });
});

describe("A group left out", () => {
  it("is not in the windows, the order or the conditions of its own SELECT either", async () => {
    const group = (city: string, count: number) => Array.from({ length: count }, () => ({ ...person, city }));
    const small = await smallRoom([...group("Lviv", 4), ...group("Kyiv", 3), ...group("Odesa", 2)]);
    try {
      for (const [selected, after, rows] of [
        [
          "COUNT(*) OVER () AS cities, SUM(COUNT(*)) OVER () AS people",
          "ORDER BY n",
          [
            ["Kyiv", 3, 2, 7],
            ["Lviv", 4, 2, 7],
          ],
        ],
        [
          "LEAD(city) OVER (ORDER BY COUNT(*) DESC) AS next, MIN(COUNT(*)) OVER () AS least",
          "ORDER BY n",
          [
            ["Kyiv", 3, null, 3],
            ["Lviv", 4, "Kyiv", 3],
          ],
        ],
        ["1 AS one", "QUALIFY COUNT(*) OVER () > 2", []],
        ["1 AS one", "HAVING n < 3", []],
      ] as const) {
        const sql = `SELECT WITH AGGREGATION_THRESHOLD city, COUNT(*) AS n, ${selected} FROM linked.people_open GROUP BY city ${after}`;
        expect((await small.room.ask("merchant", sql)).rows, sql).to.deep.equal(rows);
      }
    } finally {
      await small.close();
    }
  });
});
