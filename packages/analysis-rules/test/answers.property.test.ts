import { expect } from "chai";
import fc from "fast-check";
import type { Value } from "googlesql-duckdb/tree";
import { fuzz, fuzzTimeout } from "./fuzz.ts";
import { people, smallRoom, THRESHOLD } from "./small-room.ts";

const itInCI = process.env.CI ? it : it.skip;

/** An allowed query, in pieces that mean the same in GoogleSQL and in DuckDB. */
interface Allowed {
  readonly view: "people_open" | "people_joined" | "people_optional" | "people_blocked";
  readonly groups: readonly string[];
  readonly aggregates: readonly { readonly google: string; readonly duckdb: string }[];
  readonly where: string | undefined;
  readonly threshold: number | undefined;
  /** True if a WITH clause and an outer SELECT pass the answer on. */
  readonly wrapped: boolean;
}

const same = (sql: string) => ({ google: sql, duckdb: sql });
const aggregate = fc.constantFrom(
  same("COUNT(*)"),
  same("COUNT(p.points)"),
  same("COUNT(DISTINCT p.hashed_email)"),
  same("COUNT(DISTINCT p.tier)"),
  same("AVG(p.score)"),
  same("SUM(p.amount)"),
  { google: "SUM(MOD(p.points, 1000))", duckdb: "CAST(SUM(p.points % 1000) AS BIGINT)" },
  { google: "COUNTIF(p.verified)", duckdb: "COUNT(*) FILTER (p.verified)" },
  { google: "LOGICAL_OR(p.verified)", duckdb: "bool_or(p.verified)" },
  { google: "LOGICAL_AND(p.points > 3)", duckdb: "bool_and(p.points > 3)" },
);
const allowed: fc.Arbitrary<Allowed> = fc.record({
  view: fc.constantFrom("people_open", "people_joined", "people_optional", "people_blocked"),
  groups: fc.subarray(["p.city", "p.tier", "p.verified", "p.points > 5", "COALESCE(p.points, 0) - 1", "UPPER(p.city)"]),
  aggregates: fc.array(aggregate, { minLength: 1, maxLength: 3 }),
  where: fc.option(
    fc.constantFrom(
      "p.points > 2",
      "p.city <> 'Lviv'",
      "p.tier IN ('Free', 'Business')",
      "p.score IS NOT NULL",
      "NOT p.verified",
    ),
    { nil: undefined },
  ),
  threshold: fc.option(fc.integer({ min: THRESHOLD, max: 6 }), { nil: undefined }),
  wrapped: fc.boolean(),
});

const aliased = (expressions: readonly string[]) => expressions.map((sql, index) => `${sql} AS c${index}`).join(", ");
const tail = (view: Allowed["view"], where: string | undefined, groups: readonly string[]) =>
  [
    view === "people_joined" ? "JOIN merchant.users AS u ON u.hashed_email = p.hashed_email" : "",
    where === undefined ? "" : `WHERE ${where}`,
    groups.length === 0 ? "" : `GROUP BY ${groups.map((_, index) => `c${index}`).join(", ")}`,
  ].join(" ");

/** The merchant's query. */
function inGoogleSql({ view, groups, aggregates, where, threshold, wrapped }: Allowed): string {
  const list = aliased([...groups, ...aggregates.map(({ google }) => google)]);
  const options = threshold === undefined ? "" : `OPTIONS (threshold = ${threshold})`;
  const query = `SELECT WITH AGGREGATION_THRESHOLD ${options} ${list} FROM linked.${view} AS p ${tail(view, where, groups)}`;
  return wrapped ? `WITH answer AS (${query}) SELECT * FROM answer WHERE TRUE` : query;
}

/** The expected answer, from the base tables. */
function inDuckDb({ view, groups, aggregates, where, threshold = THRESHOLD }: Allowed): string {
  const list = aliased([...groups, ...aggregates.map(({ duckdb }) => duckdb)]);
  return `SELECT ${list} FROM ewallet_provider.people AS p ${tail(view, where, groups)}
    HAVING COUNT(DISTINCT p.hashed_email) >= ${threshold}`;
}

/** Rows without an order. The last digits of a sum of floats depend on the order of rows, so they are rounded off. */
function comparable(rows: readonly (readonly Value[])[]): string[] {
  const round = (value: Value) =>
    typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(10) : value;
  return rows.map((row) => JSON.stringify(row.map(round))).sort();
}

describe("An allowed query of the clean room", () => {
  itInCI("shows the true values of the groups that are large enough, and nothing about the others", async function () {
    this.timeout(fuzzTimeout);
    let shown = 0;
    let left = 0;
    await fc.assert(
      fc.asyncProperty(people, fc.array(allowed, { minLength: 20, maxLength: 25 }), async (of, queries) => {
        const { room, direct, close } = await smallRoom(of);
        try {
          for (const query of queries) {
            const { rows } = await room.ask("merchant", inGoogleSql(query));
            const expected = await direct(inDuckDb(query));
            expect(comparable(rows), inGoogleSql(query)).to.deep.equal(comparable(expected));
            shown += rows.length;
            left += (await direct(inDuckDb({ ...query, threshold: 1 }))).length - rows.length;
          }
        } finally {
          await close();
        }
      }),
      { ...fuzz(2), endOnFailure: true },
    );
    expect(shown, "groups shown").to.be.above(10);
    expect(left, "groups suppressed").to.be.above(30);
  });
});
