import { expect } from "chai";
import fc from "fast-check";
import { SqlError } from "googlesql-duckdb/tree";
import { Refusal } from "../src/refusal.ts";
import { tablesOf } from "../src/room.ts";
import { ask, tables } from "./every-rule.ts";
import { fuzz, fuzzTimeout } from "./fuzz.ts";
import { violations } from "./invariants.ts";
import { anyQuery, rightQuery, wrongQuery } from "./random-queries.ts";

const itInCI = process.env.CI ? it : it.skip;

describe("Random queries", function () {
  this.timeout(fuzzTimeout);
  it("never see a protected row", async () => {
    const outcomes = { allowed: 0, refused: 0, wrong: 0 };
    await fc.assert(
      fc.asyncProperty(anyQuery, async (sql) => {
        const allowed = await ask(sql).catch((error) => {
          if (error instanceof SqlError) outcomes.wrong++;
          else if (error instanceof Refusal) outcomes.refused++;
          else throw error;
        });
        if (!allowed) return;
        if (allowed.views.length > 0) outcomes.allowed++;
        expect(violations(allowed, tablesOf(tables)), sql).to.deep.equal([]);
      }),
      fuzz(100),
    );
    // The test would prove nothing if all queries were refused, or all allowed.
    expect(outcomes.allowed, JSON.stringify(outcomes)).to.be.above(8);
    expect(outcomes.refused, JSON.stringify(outcomes)).to.be.above(40);
  });

  itInCI("are allowed if they keep to the rules, whatever they do with the groups", async () => {
    await fc.assert(
      fc.asyncProperty(rightQuery, async (sql) => {
        expect(violations(await ask(sql), tablesOf(tables)), sql).to.deep.equal([]);
      }),
      fuzz(30),
    );
  });

  it("are refused if they misuse a view, through any number of subqueries", async () => {
    await fc.assert(
      fc.asyncProperty(wrongQuery, async (sql) => {
        const error = await ask(sql).then(
          () => undefined,
          (thrown) => thrown,
        );
        expect(error, sql).to.be.instanceOf(Refusal);
      }),
      fuzz(30),
    );
  });
});

describe("An allowed query", () => {
  const sql = `SELECT WITH AGGREGATION_THRESHOLD u.tier, COUNT(*) FROM linked.users u
    JOIN shared.segments s USING (hashed_email) JOIN own.users o ON o.hashed_email = u.hashed_email GROUP BY 1`;

  it("lists the views it reads, the units it counts and the checks it passed", async () => {
    const { views, thresholds, checks } = await ask(sql);
    expect(views.map(({ table }) => table.relation)).to.deep.equal(["linked.users", "shared.segments"]);
    expect(thresholds).to.have.length(1);
    expect(thresholds[0]?.scan.kind).to.equal("AggregationThresholdAggregateScan");
    expect(thresholds[0]?.units.map(({ table, column }) => [table?.relation, column.name])).to.deep.equal([
      ["linked.users", "hashed_email"],
      ["shared.segments", "hashed_email"],
    ]);
    expect(checks).to.deep.equal([
      "linked.users and shared.segments: are joined on both privacy unit columns",
      "linked.users: is joined on hashed_email",
      "shared.segments: is joined on hashed_email",
      "linked.users and shared.segments: groups of fewer than 60 distinct users.hashed_email or segments.hashed_email are suppressed",
    ]);
  });

  it("marks the scan that suppresses small groups", async () => {
    const { scans, thresholds } = await ask(sql);
    const [use] = thresholds;
    expect([...scans.keys()]).to.deep.equal([use?.scan]);
    expect(use && scans.get(use.scan)).to.deep.equal({
      having: { unitColumnIds: use?.units.map(({ column }) => column.columnId), threshold: 60 },
    });
  });

  it("names the privacy unit that noise protects", async () => {
    const { differential } = await ask("SELECT WITH DIFFERENTIAL_PRIVACY COUNT(*) FROM linked.noisy");
    expect(differential.map(({ charge, unit }) => [charge?.name, unit.name])).to.deep.equal([
      ["linked.noisy", "hashed_email"],
    ]);
  });

  it("turns errors into NULL if it reads a view with a rule", async () => {
    const read = await ask(`SELECT * FROM own.orders o JOIN (${sql}) g ON g.tier = o.status WHERE 1 / o.amount > 0`);
    expect(read.sensitive).to.equal(true);
    expect((await ask("SELECT 1 / amount FROM own.orders")).sensitive).to.equal(false);
  });

  it("may show what it finds in a row only if all of its views are list overlaps", async () => {
    const overlap = "SELECT p.amount FROM linked.payments p JOIN own.orders o ON p.order_id = o.order_id";
    const groups = "SELECT WITH AGGREGATION_THRESHOLD city, COUNT(*) AS n FROM linked.members GROUP BY city";
    expect((await ask(overlap)).shown).to.equal(true);
    expect((await ask(groups)).shown).to.equal(false);
    expect((await ask(`${overlap} JOIN (${groups}) g ON g.city = o.status`)).shown).to.equal(false);
  });
});

describe("A refusal", () => {
  it("gives the place, counted in letters and not in bytes", async () => {
    const error = await ask("SELECT\n  'ї' AS letter, city FROM linked.members").catch((thrown) => thrown);
    expect({ line: error.line, column: error.column }).to.deep.equal({ line: 2, column: 28 });
  });

  // biome-ignore format: a query a line
  for (const [sql, advice] of [
    [
      "SELECT t.* FROM linked.payments t JOIN own.orders o ON t.order_id = o.order_id + 1",
      "Write … JOIN linked.payments AS v ON v.order_id = t.order_id, where t is a table of your own. The key must be a column of a table on the other side, unchanged or in LOWER, UPPER, TRIM, a hash or CAST. A value that the query makes up does not count.",
    ],
    [
      "SELECT t.* FROM linked.payments t, own.orders o WHERE t.order_id = o.order_id",
      "Write … JOIN linked.payments AS v ON v.order_id = t.order_id, where t is a table of your own. A condition in WHERE does not count as a join.",
    ],
    [
      "SELECT t.* FROM linked.payments t JOIN own.orders o ON t.status = o.status",
      "Write … JOIN linked.payments AS v ON v.order_id = t.order_id, where t is a table of your own.",
    ],
    [
      "SELECT t.* FROM linked.payments t JOIN own.orders o ON t.order_id = o.order_id AND t.status = o.status",
      "Join linked.payments on order_id only. In WHERE, matching rows may be compared with anything.",
    ],
    [
      "SELECT WITH AGGREGATION_THRESHOLD COUNT(*) FROM linked.users p JOIN own.users u ON p.hashed_email = u.hashed_email AND p.city = u.city",
      "linked.users may be joined and compared with other tables on hashed_email only, in JOIN … ON.",
    ],
    [
      "SELECT p.* FROM linked.payments p JOIN linked.refunds r USING (order_id) JOIN own.orders o USING (order_id)",
      "Write … JOIN linked.payments AS v ON v.order_id = t.order_id, where t is a table of your own. Rows of linked.refunds do not count before they are joined with another owner's rows: join a table of your own first.",
    ],
    [
      "SELECT WITH AGGREGATION_THRESHOLD COUNT(*) FROM linked.users p RIGHT JOIN own.users u USING (hashed_email)",
      "Use an INNER JOIN: only matching rows of linked.users may be read.",
    ],
    [
      "SELECT WITH AGGREGATION_THRESHOLD COUNT(*) FROM linked.members p RIGHT JOIN own.users u USING (hashed_email)",
      "Use an INNER JOIN, or a LEFT JOIN, which keeps all rows of linked.members.",
    ],
    [
      "SELECT * FROM linked.members",
      "Write SELECT WITH AGGREGATION_THRESHOLD …, COUNT(DISTINCT hashed_email) FROM linked.members … GROUP BY …. Its FROM may only filter and join rows; an outer SELECT may order, filter and join the result.",
    ],
    [
      "SELECT WITH AGGREGATION_THRESHOLD x, COUNT(*) FROM linked.members, UNNEST([10, 100]) AS x WHERE points > x GROUP BY x",
      "Write SELECT WITH AGGREGATION_THRESHOLD …, COUNT(DISTINCT hashed_email) FROM linked.members … GROUP BY …. Its FROM may only filter and join rows; an outer SELECT may order, filter and join the result. Put UNNEST into a table of its own: JOIN (SELECT x FROM UNNEST([1, 2]) AS x) ON TRUE.",
    ],
    [
      "SELECT WITH AGGREGATION_THRESHOLD x, COUNT(*) FROM linked.members, UNNEST([points]) AS x GROUP BY x",
      "Write SELECT WITH AGGREGATION_THRESHOLD …, COUNT(DISTINCT hashed_email) FROM linked.members … GROUP BY …. Its FROM may only filter and join rows; an outer SELECT may order, filter and join the result.",
    ],
    [
      "SELECT * FROM linked.noisy",
      "Write SELECT WITH DIFFERENTIAL_PRIVACY …, COUNT(hashed_email, contribution_bounds_per_group => (0, 1)) FROM linked.noisy … GROUP BY …. Its FROM may only filter and join rows; an outer SELECT may order, filter and join the result.",
    ],
    [
      "SELECT WITH DIFFERENTIAL_PRIVACY COUNT(*) FROM linked.quiet WHERE hashed_email = 'a'",
      "You may only count hashed_email, as in COUNT(hashed_email, contribution_bounds_per_group => (0, 1)).",
    ],
    [
      "SELECT WITH DIFFERENTIAL_PRIVACY hashed_email, COUNT(*) FROM linked.noisy GROUP BY 1",
      "Group by other columns, and count the unit: COUNT(…, contribution_bounds_per_group => (0, 1)).",
    ],
  ] as const)
    it(`advises what to write instead of ${sql}`, async () => {
      const error = await ask(sql).catch((thrown) => thrown);
      expect(error.advice).to.equal(advice);
    });
});
