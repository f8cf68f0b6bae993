import { expect } from "chai";
import { openRoom } from "../src/open-room.ts";
import { problemOf } from "../src/problem.ts";
import { addressOf, amountOf, noteOf, type Person, type SmallRoom, smallRoom } from "./small-room.ts";

const itInCI = process.env.CI ? it : it.skip;

/** One person in Odesa, five in Lviv. The merchant knows the one in Odesa and two others. */
const person: Person = { city: "Lviv", tier: "Free", verified: true, points: 7, score: 1, rows: 1, shared: false };
const target: Person = { ...person, city: "Odesa", points: 41, shared: true };
const of: Person[] = [target, person, person, person, { ...person, shared: true }, { ...person, shared: true }];

describe("The analysis rules do not stop", () => {
  let small: SmallRoom;
  before(async () => {
    small = await smallRoom(of);
  });
  after(() => small.close());
  const ask = async (sql: string) => (await small.room.ask("merchant", sql)).rows;

  it("differencing: two allowed sums that differ by one person reveal that person", async () => {
    const sum = "SELECT WITH AGGREGATION_THRESHOLD SUM(points) AS points FROM linked.people_open";
    const [[all]] = (await ask(sum)) as [[number]];
    const [[others]] = (await ask(`${sum} WHERE city <> 'Odesa'`)) as [[number]];
    expect(all - others).to.equal(target.points);
    // A direct question gets no answer.
    expect(await ask(`${sum} WHERE city = 'Odesa'`)).to.deep.equal([]);
  });

  it("probing: joining a list overlap with known addresses shows which of them the other party has", async () => {
    const rows = await ask(
      "SELECT u.id, p.note FROM linked.people_overlap AS p JOIN merchant.users AS u ON u.hashed_email = p.hashed_email ORDER BY u.id",
    );
    expect(rows).to.deep.equal([0, 4, 5].map((index) => [index, noteOf(index)]));
  });
});

describe("A query that cannot be run", () => {
  let small: SmallRoom;
  before(async () => {
    small = await smallRoom(of);
  });
  after(() => small.close());

  const problem = (sql: string, room = small.room) =>
    room.ask("merchant", sql).then(
      () => expect.fail("it was answered"),
      (error) => problemOf(error),
    );
  const endless =
    "SELECT COUNT(*) AS n FROM UNNEST(GENERATE_ARRAY(1, 100000)) AS a, UNNEST(GENERATE_ARRAY(1, 100000)) AS b, UNNEST([1, 2, 3, 4, 5, 6, 7, 8]) AS c WHERE MOD(a * b, 7) = c";

  it("is stopped at the limit of time or rows", async () => {
    const room = await openRoom({ ...small.options, limits: { seconds: 0.3, rows: 1000, memory: "500MB" } });
    try {
      expect(await problem(endless, room)).to.deep.equal({
        rule: "limits",
        message: "The query ran longer than 0.3 seconds and was stopped: ask for less",
      });
      const many = await problem("SELECT a FROM UNNEST(GENERATE_ARRAY(1, 5000)) AS a", room);
      expect(many?.message).to.include("more than 1,000 rows");
    } finally {
      await room.close();
    }
  });

  it("stops at once when it is cancelled during its analysis, which does not block this thread", async () => {
    const count = "SELECT COUNT(*) AS n FROM merchant.users";
    await small.room.check("merchant", count);
    // It takes seconds to analyse.
    const sql = `SELECT CASE ${"WHEN id = 1 THEN 2 ".repeat(2500)} END AS n FROM merchant.users`;
    const cancelled = new AbortController();
    let ticks = 0;
    const clock = setInterval(() => {
      ticks += 1;
      if (ticks === 10) cancelled.abort();
    }, 20);
    try {
      const error = await small.room
        .ask("merchant", sql, { signal: cancelled.signal })
        .then(() => undefined, problemOf);
      expect(error).to.deep.equal({ rule: "cancelled", message: "The query was cancelled" });
      // Without a stop it takes some two hundred more; a slow machine stops it late.
      expect(ticks).to.be.within(10, 60);
      // The analyser starts again.
      expect((await small.room.ask("merchant", count)).rows).to.deep.equal([[4]]);
    } finally {
      clearInterval(clock);
    }
  });

  it("reveals nothing about the protected row that it fails on", async () => {
    // DuckDB's own message would quote the text that is not a number.
    const sql = `SELECT CAST(p.note AS INT64) AS n FROM linked.people_overlap AS p
      JOIN merchant.users AS u ON u.hashed_email = p.hashed_email`;
    const found = await small.room.ask("merchant", sql).then(
      ({ rows }) => JSON.stringify(rows),
      (error) => String(problemOf(error)?.message),
    );
    for (const [index] of of.entries())
      for (const secret of [noteOf(index), addressOf(index), String(amountOf(index))])
        expect(found).not.to.include(secret);
  });

  it("does not fail on a protected row, not even in a repeated expression, which DuckDB would compute separately", async () => {
    const sql = `SELECT WITH AGGREGATION_THRESHOLD SUM(LOG(x, x)) AS n
      FROM (SELECT hashed_email, IF(city = 'Odesa', -1.0, 2.0) AS x FROM linked.people_open)`;
    const { rows } = await small.room.ask("merchant", sql);
    expect(rows).to.deep.equal([[of.length - 1]]);
  });

  itInCI(
    "is refused if it is nested too deeply, and the next query is answered, a new one and the last one",
    async () => {
      // The analyser's library computes it.
      const again = "SELECT NORMALIZE(CAST(COUNT(*) AS STRING)) AS n FROM merchant.users";
      expect((await small.room.ask("merchant", again)).rows).to.deep.equal([["4"]]);
      for (const deep of [
        `SELECT ${"-(".repeat(2_000)}1${")".repeat(2_000)} AS x`,
        `SELECT 1${" + 1".repeat(2_000)} AS x`,
        // The analyser crashes, and starts again.
        `${"SELECT * FROM (".repeat(3000)}SELECT 1${")".repeat(3000)}`,
      ])
        expect((await problem(deep))?.rule, deep.slice(0, 20)).to.be.oneOf(["GoogleSQL", "not supported", "run"]);
      expect((await small.room.ask("merchant", again)).rows).to.deep.equal([["4"]]);
      expect((await small.room.ask("merchant", "SELECT COUNT(*) AS n FROM merchant.users")).rows).to.deep.equal([[4]]);
    },
  );

  it("is refused at once if it is short and expands to more than DuckDB can plan", async () => {
    const times = (count: number, clause: (of: string) => string) =>
      Array.from({ length: count }, (_, n) => `c${n + 1} AS (${clause(`c${n}`)})`).join(", ");
    const first = "WITH c0 AS (SELECT p.* FROM linked.people_joined p JOIN merchant.users USING (hashed_email))";
    const last = "SELECT WITH AGGREGATION_THRESHOLD COUNT(*) FROM c30 WHERE LENGTH(city) > 2";
    const joined = times(30, (of) => `SELECT a.* FROM ${of} AS a JOIN ${of} AS b USING (hashed_email)`);
    expect(await problem(`${first}, ${joined} ${last}`)).to.include({ rule: "not supported" });
    const computed = times(30, (of) => `SELECT * REPLACE (CONCAT(city, city) AS city) FROM ${of}`);
    expect(await problem(`${first}, ${computed} ${last}`)).to.include({ rule: "not supported" });
  });

  it("is told what to write instead, if it is another statement or several", async () => {
    for (const [sql, message] of [
      ["CREATE TABLE merchant.copy AS SELECT 1 AS x", /CREATE TABLE would change data. Write a WITH clause/],
      ["DECLARE x INT64", /DECLARE belongs to a script. Write constants/],
      ["SELECT 1; SELECT 2", /Leave out what follows the semicolon/],
      ["SELECT FROM merchant.users", /^Syntax error/],
    ] as const) {
      const found = await problem(sql);
      expect(found?.rule, sql).to.equal("GoogleSQL");
      expect(found?.message, sql).to.match(message);
    }
  });

  it("is read without the byte order mark that editors on Windows put in front", async () => {
    expect((await small.room.ask("merchant", "\uFEFFSELECT COUNT(*) AS n FROM merchant.users")).rows).to.deep.equal([
      [4],
    ]);
    expect((await problem("\uFEFFSELECT note FROM linked.people_open"))?.rule).to.equal("aggregation threshold");
  });

  it("is too large if it is longer than BigQuery allows", async () => {
    expect((await problem(`SELECT 1 -- ${"x".repeat(1024 * 1024)}`))?.message).to.match(/^The query is too large/);
  });

  it("gets an error about wrong names", async () => {
    expect(await problem("SELECT 1 AS `a\\x00b`")).to.deep.equal({
      rule: "GoogleSQL",
      message: "The name of a column cannot have a NUL in it.",
    });
    expect(await problem("SELECT 1 FROM users")).to.deep.include({
      rule: "names",
      message: 'Table "users" must be qualified with a dataset (e.g. dataset.table).',
    });
  });

  it("gets an error about a table's name before any other, with the place of the name, and may write it in any form but another case", async () => {
    for (const [sql, table, column] of [
      ["SELECT 1 FROM Merchant.users", "Merchant.users", 15],
      ["SELECT 1 FROM merchant.users JOIN `merchant.USERS` USING (id)", "merchant.USERS", 35],
      ["SELECT nothing FROM merchant.users, wallet.nothing", "wallet.nothing", 37],
    ] as const)
      expect(await problem(sql), sql).to.deep.include({
        rule: "names",
        message: `Not found: Table shop:${table}`,
        column,
      });
    for (const name of ["`shop.merchant.users`", "shop.merchant . users", "merchant/* the shop's */.`users`"])
      expect((await small.room.ask("merchant", `SELECT COUNT(*) AS n FROM ${name}`)).rows, name).to.deep.equal([[4]]);
  });
});
