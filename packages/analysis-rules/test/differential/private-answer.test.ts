import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import {
  type Analyser,
  type Engine,
  loadAnalyser,
  openEngine,
  toDuckDb,
  UnsupportedSql,
  type Value,
} from "googlesql-duckdb/tree";
import { type Ledger, openLedger } from "../../src/differential/ledger.ts";
import type { Chance } from "../../src/differential/noise.ts";
import { answerPrivately, planPrivately } from "../../src/differential/private-answer.ts";
import { Refusal } from "../../src/refusal.ts";
import { makeDatabase, temporaryFolder } from "../temporary-files.ts";
import { payments, selectsOf } from "./payments-view.ts";
import { noiseless, seeded } from "./repeatable-chance.ts";

const itInCI = process.env.CI ? it : it.skip;

const PEOPLE = 400;

describe("An answer with differential privacy", () => {
  const folder = temporaryFolder();
  // With this delta, every group that has a person in it is shown.
  const rich = { maxEpsilonPerQuery: 1e9, epsilonBudget: 1e12, deltaPerQuery: 0.9999, deltaBudget: 1e9 };
  const view = payments(rich);
  let analyser: Analyser;
  let engine: Engine;
  let free: Ledger;

  before(async () => {
    const file = join(folder, "payments.duckdb");
    await makeDatabase(
      file,
      `
      CREATE SCHEMA shared;
      CREATE TABLE shared.payments AS
      SELECT person, ['paid', 'it''s late', '"lost" -- \\', NULL][1 + (hash(payment) % 4)::INT] AS status,
        DATE '2025-01-01' + (hash(payment + 7) % 5)::INT AS day,
        CASE WHEN payment % 50 = 0 THEN 'NaN'::DOUBLE WHEN payment % 49 = 0 THEN 'Infinity'::DOUBLE WHEN payment % 47 = 0 THEN NULL
          ELSE (hash(payment + 1) % 20000) / 100 - 50 END AS amount,
        CASE WHEN payment % 31 <> 0 THEN (hash(payment + 2) % 7)::BIGINT - 1 END AS items,
        1.5::DECIMAL(38, 9) AS price
      FROM (SELECT person, person * 100 + n AS payment FROM range(${PEOPLE}) AS p(person), range(12) AS q(n) WHERE n <= person % 12)`,
    );
    engine = await openEngine(file);
    analyser = await loadAnalyser([{ id: "v", paths: [["linked", "payments"]], columns: view.columns }]);
    free = openLedger(join(folder, `free-budget.jsonl`));
  });
  after(() => engine.close());

  interface How {
    chance?: Chance;
    table?: typeof view;
    ledger?: Ledger;
  }
  /** Plans a query once. Each call of the result runs it again. */
  const planned = (sql: string, { table = view }: Pick<How, "table"> = {}) => {
    const query = analyser.analyse(sql);
    const plan = planPrivately(query, selectsOf(query, table), (of, answers) =>
      toDuckDb(of, {
        relation: () => table.relation,
        notes: new Map([...answers].map(([scan, answer]) => [scan, { answer }])),
        sensitive: true,
      }),
    );
    return async ({ chance = noiseless(), ledger = free }: How = {}): Promise<Value[][]> => {
      const translated = await answerPrivately(plan, { each: engine.each, ledger, chance });
      return engine.rows(
        translated,
        query.outputs.map(({ column }) => column.type),
      );
    };
  };
  const ask = async (sql: string, how: How = {}) => planned(sql, how)(how);
  const plain = (sql: string, columns: number) =>
    engine.rows(
      sql,
      Array.from({ length: columns }, () => ({ typeKind: "TYPE_UNKNOWN" })),
    );

  describe("without noise", () => {
    it("is the true one if no bound is reached", async () => {
      const rows = await ask(`
        SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(max_groups_contributed = 3) day,
          COUNT(*, contribution_bounds_per_group => (0, 100)) AS n, COUNT(items, contribution_bounds_per_group => (0, 100)) AS i,
          SUM(items, contribution_bounds_per_group => (-100, 100)) AS s
        FROM linked.payments WHERE day < '2025-01-04' GROUP BY day ORDER BY day`);
      const truth = await plain(
        "SELECT day, count(*), count(items), sum(items) FROM shared.payments WHERE day < '2025-01-04' GROUP BY day ORDER BY day",
        4,
      );
      expect(rows).to.have.length(3);
      expect(rows.map((row) => row.map(String))).to.deep.equal(truth.map((row) => row.map(String)));
    });

    it("is also the true one if the bounds are found in the data", async () => {
      const list = "COUNT(*) AS n, COUNT(items) AS i, SUM(items) AS s, SUM(-items) AS t";
      const sql = `SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(max_groups_contributed = 3) day, ${list}
        FROM linked.payments WHERE day < '2025-01-04' GROUP BY day ORDER BY day`;
      const truth = await plain(
        "SELECT day, count(*), count(items), sum(items), sum(-items) FROM shared.payments WHERE day < '2025-01-04' GROUP BY day ORDER BY day",
        5,
      );
      expect((await ask(sql)).map((row) => row.map(String))).to.deep.equal(truth.map((row) => row.map(String)));
      const [row] = await ask("SELECT WITH DIFFERENTIAL_PRIVACY AVG(items) AS a, SUM(0) AS zero FROM linked.payments");
      const [[average] = []] = await plain(
        "SELECT avg(own) FROM (SELECT avg(items) AS own FROM shared.payments GROUP BY person) WHERE own IS NOT NULL",
        1,
      );
      expect(row?.[0]).to.be.closeTo(Number(average), 1e-9);
      expect(row?.[1]).to.equal(0);
    });

    it("has no rows if there are too few contributions to find bounds in", async () => {
      const few = "FROM linked.payments WHERE day < '2025-01-01' AND items < 0";
      expect(await ask(`SELECT WITH DIFFERENTIAL_PRIVACY SUM(items) AS s ${few}`)).to.deep.equal([]);
      expect(await ask(`SELECT WITH DIFFERENTIAL_PRIVACY day, COUNT(*) AS n ${few} GROUP BY day`)).to.deep.equal([]);
    });

    it("averages the units' own averages, without NaN and clamped to the bounds", async () => {
      const [[average] = []] = await ask(
        "SELECT WITH DIFFERENTIAL_PRIVACY AVG(amount, contribution_bounds_per_group => (0, 60)) AS a FROM linked.payments",
      );
      const [[truth] = []] = await plain(
        `SELECT avg(greatest(0, least(60, own))) FROM (
          SELECT avg(CASE WHEN NOT isnan(amount) THEN least(1e200, amount) END) AS own FROM shared.payments GROUP BY person) WHERE own IS NOT NULL`,
        1,
      );
      expect(average).to.be.closeTo(Number(truth), 1e-9);
    });

    it("finds a percentile of at most five values of a unit, to a 65,536th part of the bounds", async () => {
      const bounds = "contribution_bounds_per_row => (-20, 30)";
      const list = [0, 0.1, 0.5, 0.95, 1].map((part) => `PERCENTILE_CONT(amount, ${part}, ${bounds})`);
      const few = "MOD(person, 12) < 5";
      const [row = []] = await ask(
        `SELECT WITH DIFFERENTIAL_PRIVACY ${list.join(", ")} FROM linked.payments WHERE ${few}`,
      );
      const [[truth] = []] = await plain(
        `SELECT quantile_disc(greatest(-20, least(30, amount)), [0, 0.1, 0.5, 0.95, 1])::VARCHAR FROM shared.payments
          WHERE person % 12 < 5 AND NOT isnan(amount)`,
        1,
      );
      const expected = JSON.parse(String(truth)) as number[];
      // Neighbouring values lie within 0.3 of each other.
      for (const [index, value] of row.entries()) expect(value).to.be.closeTo(expected[index] as number, 0.3);
      const [[many] = []] = await ask(
        `SELECT WITH DIFFERENTIAL_PRIVACY PERCENTILE_CONT(IF(person = 11, 29, -10), 0.96, ${bounds}) FROM linked.payments
          WHERE person IN (11, ${Array.from({ length: 40 }, (_, n) => 12 * n + 4).join(", ")})`,
      );
      expect(many).to.be.closeTo(-10, 0.01);
    });

    it("groups by NULL, by text with quotes, and by expressions", async () => {
      const rows = await ask(
        `
        SELECT WITH DIFFERENTIAL_PRIVACY status, day = '2025-01-02' AS second, items,
          COUNT(*, contribution_bounds_per_group => (0, 100)) AS n
        FROM linked.payments GROUP BY status, second, items ORDER BY status, second, items`,
        { table: payments({ ...rich, maxGroupsContributed: 100 }) },
      );
      const groups = await plain(
        `SELECT DISTINCT status, day = '2025-01-02', items FROM shared.payments ORDER BY status NULLS FIRST, 2, 3 NULLS FIRST`,
        3,
      );
      expect(rows.map((row) => row.slice(0, 3))).to.deep.equal(groups);
    });

    it("has one row without GROUP BY, and none with it, if no row matches", async () => {
      const none = "FROM linked.payments WHERE items > 1000";
      const list = `COUNT(*, contribution_bounds_per_group => (0, 1)) AS n, SUM(items, contribution_bounds_per_group => (0, 1)) AS s,
        AVG(items, contribution_bounds_per_group => (2, 4)) AS a`;
      expect(await ask(`SELECT WITH DIFFERENTIAL_PRIVACY ${list} ${none}`)).to.deep.equal([[0, 0, 3]]);
      expect(await ask(`SELECT WITH DIFFERENTIAL_PRIVACY status, ${list} ${none} GROUP BY status`)).to.deep.equal([]);
      expect(await ask("SELECT WITH DIFFERENTIAL_PRIVACY status FROM linked.payments GROUP BY status")).to.have.length(
        4,
      );
    });

    it("can stand in WITH clauses, subqueries and joins like any table", async () => {
      const rows = await ask(`
        WITH late AS (SELECT person, items, status AS how FROM linked.payments WHERE day > '2025-01-02'),
        counts AS (
          SELECT WITH DIFFERENTIAL_PRIVACY how, COUNT(*, contribution_bounds_per_group => (0, 100)) AS n FROM late GROUP BY how
        )
        SELECT a.how, a.n - b.n, s.n > 0
        FROM counts AS a JOIN counts AS b ON a.how = b.how
        CROSS JOIN (SELECT WITH DIFFERENTIAL_PRIVACY SUM(items, contribution_bounds_per_group => (0, 5)) AS n FROM late) AS s
        ORDER BY a.how`);
      expect(rows).to.deep.equal([
        ['"lost" -- \\', 0, true],
        ["it's late", 0, true],
        ["paid", 0, true],
      ]);
    });

    it("leaves text alone that looks like the placeholder of an answer", async () => {
      const text = "noisy_answer_01234567-0123-0123-0123-0123456789ab";
      const rows = await ask(`
        SELECT '${text}' AS text, n FROM
        (SELECT WITH DIFFERENTIAL_PRIVACY COUNT(*, contribution_bounds_per_group => (0, 1)) AS n FROM linked.payments)`);
      expect(rows).to.deep.equal([[text, PEOPLE]]);
    });

    it("can stand in the first WITH clause", async () => {
      const rows = await ask(`
        WITH counts AS (SELECT WITH DIFFERENTIAL_PRIVACY COUNT(*, contribution_bounds_per_group => (0, 1)) AS n FROM linked.payments)
        SELECT n + 1 FROM counts`);
      expect(rows).to.deep.equal([[PEOPLE + 1]]);
    });

    const bounds = fc.tuple(fc.integer({ min: -20, max: 80 }), fc.integer({ min: 0, max: 60 }));
    itInCI(
      "changes by no more than the bounds, in no more groups than allowed, if one unit's rows are removed",
      async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.integer({ min: 0, max: PEOPLE - 1 }),
            fc.integer({ min: 1, max: 3 }),
            bounds,
            fc.constantFrom("status", "day", "status, day", "items"),
            fc.constantFrom("amount", "items", "amount * items", "1 / items", "IF(person = 5, 1e308, items)"),
            async (person, maxGroups, [lower, width], groups, value) => {
              const of = `contribution_bounds_per_group => (${lower}, ${lower + width})`;
              const ofSum = (where: string) =>
                ask(`SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(max_groups_contributed = ${maxGroups}) ${groups},
                COUNT(*, contribution_bounds_per_group => (0, 2)) AS n,
                SUM(CAST(${value} AS FLOAT64), ${of.replace(/(-?\d+), (-?\d+)/, "$1.0, $2.0")}) AS s,
                AVG(CAST(${value} AS FLOAT64), ${of.replace(/(-?\d+), (-?\d+)/, "$1.0, $2.0")}) AS a
              FROM linked.payments WHERE ${where} GROUP BY ${groups}`);
              const all = await ofSum("TRUE");
              const without = new Map(
                (await ofSum(`person <> ${person}`)).map((row) => [
                  JSON.stringify(row.slice(0, -3)),
                  row.slice(-3).map(Number),
                ]),
              );
              let changed = 0;
              for (const row of all) {
                const [n = 0, s = 0, a = 0] = row.slice(-3).map(Number);
                const [n0 = 0, s0 = 0, a0 = lower + width / 2] = without.get(JSON.stringify(row.slice(0, -3))) ?? [];
                if (n !== n0 || s !== s0 || a !== a0) changed++;
                expect(Math.abs(n - n0)).to.be.at.most(2);
                expect(Math.abs(s - s0)).to.be.at.most(Math.max(Math.abs(lower), Math.abs(lower + width)) + 1e-6);
                expect(a).to.be.within(lower - 1e-9, lower + width + 1e-9);
                expect(Math.abs(a - a0)).to.be.at.most(width + 1e-6);
              }
              expect(changed).to.be.at.most(maxGroups);
            },
          ),
          { numRuns: 25, seed: 7 },
        );
      },
    ).timeout(120_000);

    it("counts a unit in random groups, which each query chooses again", async () => {
      const sql = `SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(max_groups_contributed = 1) status,
        COUNT(*, contribution_bounds_per_group => (0, 1)) AS n FROM linked.payments GROUP BY status ORDER BY status`;
      const [first, again, other] = [
        await ask(sql, { chance: noiseless("one") }),
        await ask(sql, { chance: noiseless("one") }),
        await ask(sql, { chance: noiseless("two") }),
      ];
      expect(again).to.deep.equal(first);
      expect(other).not.to.deep.equal(first);
      const units = (rows: Value[][] = []) => rows.reduce((sum, [, n]) => sum + Number(n), 0);
      expect(units(first)).to.equal(PEOPLE);
      expect(units(other)).to.equal(PEOPLE);
    });
  });

  describe("with noise", () => {
    const count = `SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(epsilon = 0.5, delta = 1e-6, max_groups_contributed = 3) status,
      COUNT(*, contribution_bounds_per_group => (0, 4)) AS n FROM linked.payments GROUP BY status ORDER BY status`;

    itInCI("varies as epsilon, the bounds and the number of groups imply", async () => {
      const exact = new Map((await ask(count.replace("0.5", "1e9"))).map(([status, n]) => [status, Number(n)]));
      const noise: number[] = [];
      const again = planned(count);
      for (let seed = 0; seed < 60; seed++)
        // The key, and so the choice of groups, stays the same.
        for (const [status, n] of await again({ chance: { ...seeded(seed), key: () => "one" } }))
          noise.push(Number(n) - (exact.get(status as string) ?? 0));
      expect(noise.length).to.be.above(150);
      const mean = noise.reduce((sum, each) => sum + Math.abs(each), 0) / noise.length;
      // The choice of groups takes half of epsilon.
      expect(mean / ((4 * 3) / 0.25)).to.be.within(0.75, 1.25);
    });

    itInCI("varies as for one group if there is no GROUP BY", async () => {
      const total = `SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(epsilon = 0.5, max_groups_contributed = 3)
        COUNT(*, contribution_bounds_per_group => (0, 20)) AS n FROM linked.payments`;
      const [[truth] = []] = await plain("SELECT count(*) FROM shared.payments", 1);
      const noise: number[] = [];
      const again = planned(total);
      for (let seed = 0; seed < 150; seed++)
        noise.push(Math.abs(Number((await again({ chance: seeded(seed) }))[0]?.[0]) - Number(truth)));
      expect(noise.reduce((sum, each) => sum + each, 0) / noise.length / (20 / 0.5)).to.be.within(0.75, 1.25);
    });

    itInCI("varies twice as much if half of epsilon goes to finding the bounds", async () => {
      const total = "SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(epsilon = 0.5) COUNT(*) AS n FROM linked.payments";
      const [[truth] = []] = await plain("SELECT count(*) FROM shared.payments", 1);
      const noise: number[] = [];
      const again = planned(total);
      for (let seed = 0; seed < 100; seed++)
        noise.push(Math.abs(Number((await again({ chance: seeded(seed) }))[0]?.[0]) - Number(truth)));
      // A unit pays up to 12 times. The upper edge of that bin is 16.
      expect(noise.reduce((sum, each) => sum + each, 0) / noise.length / (16 / 0.25)).to.be.within(0.75, 1.25);
    });

    it("differs each time by default, though its query is translated only once", async () => {
      const query = analyser.analyse(count);
      const translated: unknown[] = [];
      const plan = planPrivately(query, selectsOf(query, view), (of, answers) => {
        translated.push(of.query);
        return toDuckDb(of, {
          relation: () => view.relation,
          notes: new Map([...answers].map(([scan, answer]) => [scan, { answer }])),
          sensitive: true,
        });
      });
      const answer = () => answerPrivately(plan, { each: engine.each, ledger: free });
      expect(await answer()).not.to.equal(await answer());
      // The rows below the noisy SELECT, and the query around it.
      expect(translated).to.have.length(2);
      expect(translated.filter((part) => part === query.query)).to.have.length(1);
    });

    it("suppresses small groups", async () => {
      const small = payments({ epsilonBudget: 1e12, maxEpsilonPerQuery: 1, deltaPerQuery: 1e-6, deltaBudget: 1e9 });
      const sql = `SELECT WITH DIFFERENTIAL_PRIVACY person, COUNT(*, contribution_bounds_per_group => (0, 4)) AS n
        FROM (SELECT person, person AS person_id FROM linked.payments) GROUP BY person`;
      const again = planned(sql, { table: small });
      for (let seed = 0; seed < 20; seed++) expect(await again({ chance: seeded(seed) }), `${seed}`).to.deep.equal([]);
    });
  });

  describe("and the budget", () => {
    let file = 0;
    const fresh = () => openLedger(join(folder, `${file++}-budget.jsonl`));
    const poor = payments({ maxEpsilonPerQuery: 1, epsilonBudget: 2.5, deltaPerQuery: 1e-6, deltaBudget: 1 });
    const count =
      "SELECT WITH DIFFERENTIAL_PRIVACY COUNT(*, contribution_bounds_per_group => (0, 4)) AS n FROM linked.payments";
    const refusal = (asked: Promise<unknown>) =>
      asked.then(
        () => "answered",
        (error) => error,
      );

    it("is spent by each answer until none is left", async () => {
      const ledger = fresh();
      for (let query = 0; query < 2; query++) await ask(count, { table: poor, ledger });
      expect(await ledger.spent(poor.id)).to.deep.equal({ epsilon: 2, delta: 2e-6 });
      const error = await refusal(ask(count, { table: poor, ledger }));
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message).to.equal("Privacy budget is not sufficient for table 'linked.payments' in this query.");
      expect((await ledger.spent(poor.id)).epsilon).to.equal(2);
    });

    it("is spent for each noisy SELECT of a query before any of them runs", async () => {
      const ledger = fresh();
      const three = `${count} UNION ALL ${count} UNION ALL ${count}`;
      expect(await refusal(ask(three, { table: poor, ledger }))).to.be.instanceOf(Refusal);
      expect((await ledger.spent(poor.id)).epsilon).to.equal(0);
      await ask(`${count} UNION ALL ${count}`, { table: poor, ledger });
      expect((await ledger.spent(poor.id)).epsilon).to.equal(2);
    });

    it("is not spent by a query that is refused or not supported", async () => {
      const ledger = fresh();
      for (const [sql, error] of [
        [count.replace("PRIVACY", "PRIVACY OPTIONS(epsilon = 2)"), Refusal],
        [count.replace("(0, 4)", "(4, 0)"), Refusal],
        [count.replace("linked.payments", "linked.payments WHERE NET.REG_DOMAIN(status) = 'x'"), UnsupportedSql],
        [`SELECT NET.REG_DOMAIN(CAST(n AS STRING)) FROM (${count})`, UnsupportedSql],
      ] as const)
        expect(await refusal(ask(sql, { table: poor, ledger })), sql).to.be.instanceOf(error);
      expect((await ledger.spent(poor.id)).epsilon).to.equal(0);
    });

    it("stays spent if the query fails after rows were read", async () => {
      const ledger = fresh();
      const broken = { ...poor, relation: "shared.gone" };
      expect(await refusal(ask(count, { table: broken, ledger }))).to.be.instanceOf(Error);
      expect((await ledger.spent(poor.id)).epsilon).to.equal(1);
    });
  });
});
