import { expect } from "chai";
import { RunError } from "googlesql-duckdb/tree";
import { type Person, type SmallRoom, smallRoom } from "./small-room.ts";

/** Four persons in Lviv, two in Kyiv and one in Odesa, under a threshold of three. */
const person: Person = { city: "Lviv", tier: "Free", verified: true, points: 7, score: 1, rows: 1, shared: true };
const cities = ["Lviv", "Lviv", "Lviv", "Lviv", "Kyiv", "Kyiv", "Odesa"];

describe("The number of groups left out", () => {
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
