import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { expect } from "chai";
import { defaultLimits, type Limits, openEngine } from "../src/engine.ts";
import { type GoogleSql, openGoogleSql, RunError, SqlError, UnsupportedSql, UserError } from "../src/index.ts";

const itInCI = process.env.CI ? it : it.skip;

const SHOP = `
  CREATE SCHEMA shop;
  CREATE TYPE size AS ENUM ('small', 'large');
  CREATE TABLE shop.orders (
    id INTEGER, price DECIMAL(9, 2), weight FLOAT, cup size, code UUID, paid TIMESTAMPTZ, opened TIMESTAMP, raw BLOB, hour TIME,
    big HUGEINT, tags VARCHAR[]
  );
  INSERT INTO shop.orders VALUES
    (2147483647, 1.5, 0.5, 'small', '00000000-0000-0000-0000-000000000001', '2026-02-01 10:00:00+02', '2026-02-01 10:00:00',
      '\\x01'::BLOB, '08:30:00', 170141183460469231731687303715884105727, ['a']),
    (2, NULL, NULL, 'large', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  CREATE TABLE shop.rates AS FROM (VALUES ('a', 1.5), ('b', 'nan'::DOUBLE), ('c', 'inf'::DOUBLE)) AS t (name, rate);
  CREATE TABLE cities AS SELECT 'Kyiv' AS name;
  CREATE VIEW shop.prices AS SELECT price FROM shop.orders`;

describe("openGoogleSql", function () {
  this.timeout(300_000);
  let folder: string;
  let file: string;
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;
  let db: GoogleSql;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "googlesql-"));
    file = join(folder, "demo.duckdb");
    const made = await DuckDBInstance.create(file);
    await (await made.connect()).run(SHOP);
    made.closeSync();
    instance = await DuckDBInstance.create(":memory:");
    connection = await instance.connect();
    await connection.run(SHOP);
    db = await openGoogleSql({ database: file });
  });
  after(async () => {
    await db.close();
    instance.closeSync();
    rmSync(folder, { recursive: true });
  });

  async function errorOf(work: () => unknown): Promise<unknown> {
    try {
      await work();
    } catch (error) {
      return error;
    }
    throw new Error("nothing was thrown");
  }

  it("opens a file by a link in another folder", async () => {
    const link = join(folder, "links", "demo.duckdb");
    mkdirSync(join(folder, "links"));
    symlinkSync(file, link);
    const linked = await openGoogleSql({ database: link });
    expect((await linked.run("SELECT name FROM cities")).rows).deep.equal([["Kyiv"]]);
    await linked.close();
  });

  it("answers with columns and rows, and names columns as BigQuery does", async () => {
    expect(await db.run("SELECT 1 AS one, 'a', [1.5, 2], SAFE_DIVIDE(1, 0)")).deep.equal({
      columns: [
        { name: "one", type: "INT64" },
        { name: "f0_", type: "STRING" },
        { name: "f1_", type: "ARRAY<FLOAT64>" },
        { name: "f2_", type: "FLOAT64" },
      ],
      rows: [[1, "a", [1.5, 2], null]],
    });
    const sql = "SELECT JSON_OBJECT('a', [1, 2]), INTERVAL '-1-2 3 -4:5:6.789' YEAR TO SECOND, INTERVAL 2 HOUR";
    expect((await db.run(sql)).rows).deep.equal([['{"a":[1,2]}', "-1-2 3 -4:5:6.789", "0-0 0 2:0:0"]]);
  });

  it("answers with no array that BigQuery does not return: NULL is an empty one, and one with a NULL in it is an error", async () => {
    const sql =
      "SELECT ARRAY_AGG(x), STRUCT(ARRAY_AGG(x) AS xs), ARRAY_AGG(x) IS NULL FROM (SELECT 1 AS x) WHERE FALSE";
    expect((await db.run(sql)).rows).deep.equal([[[], { xs: [] }, true]]);
    expect((await db.run("SELECT ARRAY_LENGTH([1, NULL])")).rows).deep.equal([[2]]);
    for (const array of ["[1, NULL]", "STRUCT([NULL, 'a'])", "[STRUCT(1), NULL]"]) {
      const error = await errorOf(() => db.run(`SELECT ${array} AS array_of_null`));
      expect(error, array).instanceOf(RunError).include({ why: "answer" });
      expect((error as RunError).message).match(/^Array cannot have a null element/);
    }
  });

  it("names GoogleSQL's types in the errors of values", async () => {
    for (const [sql, message] of [
      ["SELECT CAST(name AS INT64) FROM cities", "not an INT64"],
      ["SELECT SUM(9223372036854775807) FROM UNNEST([1, 2])", "18446744073709551614 is out of the range of INT64"],
      ["SELECT CAST(1e30 AS INT64)", "1e+30 is out of the range of INT64"],
      ["SELECT DATETIME(2024, 1, 1, 24, 0, 0)", "hours go from 0 to 23"],
      ["SELECT DATETIME(2024, 1, 1, 25, 0, 0)", "hours go from 0 to 23"],
    ] as const)
      expect(((await errorOf(() => db.run(sql))) as Error).message).equal(`The query failed: ${message}`);
  });

  it("renames columns whose name is taken, as BigQuery does", async () => {
    const { columns, rows } = await db.run("SELECT 1 AS id, 2 AS ID, 3 AS id_1, 4 AS id, 5, 6 AS f0_");
    expect(columns.map(({ name }) => name)).deep.equal(["id", "ID_2", "id_1", "id_3", "f0_", "f0__1"]);
    expect(rows).deep.equal([[1, 2, 3, 4, 5, 6]]);
  });

  it("loses no field of a STRUCT, whatever the fields are called", async () => {
    expect((await db.run("SELECT STRUCT(1 AS a, 2 AS a, 3, 4 AS _field_3, 5 AS `__proto__`)")).rows).deep.equal([
      [JSON.parse('{"a": 1, "a_1": 2, "_field_3": 3, "_field_3_1": 4, "__proto__": 5}')],
    ]);
  });

  it("reads the catalogue from the database, views included, and casts its types to GoogleSQL's", async () => {
    expect(db.tables.map(({ name }) => name)).deep.equal(["main.cities", "shop.orders", "shop.prices", "shop.rates"]);
    const { columns, rows } = await db.run("SELECT * EXCEPT (big, tags) FROM shop.orders ORDER BY id DESC LIMIT 1");
    expect(columns.map(({ type }) => type)).deep.equal(
      "INT64 NUMERIC FLOAT64 STRING STRING TIMESTAMP TIMESTAMP BYTES TIME".split(" "),
    );
    expect(rows).deep.equal([
      [
        ...[2147483647, "1.5", 0.5, "small", "00000000-0000-0000-0000-000000000001"],
        ...["2026-02-01T08:00:00.000Z", "2026-02-01T10:00:00.000Z", "AQ==", "08:30:00"],
      ],
    ]);
  });

  it("computes with GoogleSQL's types, not with the columns' types", async () => {
    expect((await db.run("SELECT MAX(id) + 1, MAX(price) / 3 FROM shop.orders")).rows).deep.equal([
      [2147483648, "0.5"],
    ]);
  });

  for (const name of [
    "cities",
    "main.cities",
    "demo.main.cities",
    "`demo.main.cities`",
    "`main`.cities",
    "`main.cities`",
  ])
    it(`finds a table by the name ${name}`, async () => {
      expect((await db.run(`SELECT name FROM ${name}`)).rows).deep.equal([["Kyiv"]]);
    });

  for (const sql of [
    "SELECT * FROM shop.orders",
    "SELECT big + 1 FROM shop.orders",
    "SELECT id FROM shop.orders WHERE big IS NULL",
    "SELECT ARRAY_AGG(big) FROM shop.orders",
  ])
    it(`refuses a column of a type that GoogleSQL lacks: ${sql}`, async () => {
      const error = await errorOf(() => db.check(sql));
      const told = error instanceof UnsupportedSql ? error.advice : (error as SqlError).message;
      expect(told).contain("shop.orders.big (HUGEINT), shop.orders.tags (VARCHAR[])");
    });

  it("checks a query without running it", () => {
    const { columns, duckDb } = db.check("SELECT 1 / 0 AS n FROM shop.orders");
    expect(columns).deep.equal([{ name: "n", type: "FLOAT64" }]);
    expect(duckDb).contain('"shop"."orders"');
  });

  it("collects the rows of a UNION ALL without FROM in the order in which the query writes them", async () => {
    const rows = "SELECT 3 AS x, 'c' AS s UNION ALL SELECT 1.5, NULL UNION ALL SELECT 2, 'a' UNION ALL SELECT -1, 'b'";
    const structs = "ARRAY(SELECT AS STRUCT 2 AS n UNION ALL SELECT AS STRUCT 1)";
    const sql = `WITH r AS (${rows}) SELECT ARRAY_AGG(x), STRING_AGG(s, ''), ${structs} FROM r`;
    for (let times = 0; times < 20; times++)
      expect((await db.run(sql)).rows).deep.equal([[[3, 1.5, 2, -1], "cab", [{ n: 2 }, { n: 1 }]]]);
  });

  it("tells the line and the column of an error in the query", async () => {
    const error = await errorOf(() => db.run("SELECT id,\n  prize FROM shop.orders"));
    expect(error).instanceOf(SqlError).include({ line: 2, column: 3 });
    expect((error as SqlError).message).equal("Unrecognized name: prize; Did you mean price?");
  });

  it("gives line and column of a construct that DuckDB answers differently", async () => {
    const error = await errorOf(() => db.run("SELECT\n NET.REG_DOMAIN(name) FROM cities"));
    expect(error).instanceOf(UnsupportedSql).include({ what: "the function NET.REG_DOMAIN", line: 2, column: 2 });
    expect((error as UnsupportedSql).advice).match(/^Write REGEXP_EXTRACT/);
  });

  it("tells why a query failed on a value", async () => {
    const error = await errorOf(() => db.run("SELECT 1 / 0"));
    expect(error).instanceOf(RunError).include({ why: "failed", message: "The query failed: division by zero" });
  });

  it("fails on a NaN in a column, which DuckDB compares in another way", async () => {
    expect((await db.run("SELECT name, rate FROM shop.rates WHERE name <> 'b' ORDER BY rate DESC")).rows).deep.equal([
      ["c", "Infinity"],
      ["a", 1.5],
    ]);
    const error = await errorOf(() => db.run("SELECT MAX(rate) FROM shop.rates"));
    expect((error as RunError).message).match(/NaN, which DuckDB compares .* make it NULL in a view$/);
  });

  it("reports too deep a query as an error in the query", async () => {
    expect(await errorOf(() => db.check(`SELECT ${"1 + (".repeat(3000)}1${")".repeat(3000)}`))).instanceOf(SqlError);
    expect((await db.run("SELECT 1")).rows).deep.equal([[1]]);
  });

  it("gives no advice to change a setting of DuckDB, if it finds that a query nests too deeply", async () => {
    const steps = Array.from(
      { length: 1500 },
      (_, i) => `c${i} AS (SELECT ${i === 0 ? "1 AS x" : `x FROM c${i - 1}`})`,
    );
    const error = await errorOf(() => db.run(`WITH ${steps.join(", ")} SELECT * FROM c1499`));
    expect((error as RunError).why).equal("limit");
    expect((error as RunError).message).equal("The query is nested too deeply to run: write it in a simpler form");
  });

  it("stops a query at its limits", async () => {
    const many = "UNNEST(GENERATE_ARRAY(1, 10000))";
    for (const [limits, sql, message] of [
      [{ rows: 10 }, `SELECT 1 FROM ${many}`, "more than 10 rows"],
      [
        { seconds: 0.3 },
        `SELECT COUNT(*) FROM ${many} a, ${many} b, ${many} c WHERE a + b = c`,
        "longer than 0.3 seconds",
      ],
    ] as const) {
      const small = await openGoogleSql({ database: connection, limits });
      const error = await errorOf(() => small.run(sql));
      expect(error).instanceOf(RunError).property("why", "limit");
      expect((error as RunError).message).contain(message);
      await small.close();
    }
  });

  for (const [what, sql] of [
    [
      "a lambda, within which DuckDB itself does not stop",
      "SELECT SUM(ARRAY_LENGTH(ARRAY_FILTER(GENERATE_ARRAY(1, 29000), e -> LENGTH(REPEAT('a', e + 1000)) > i))) FROM many",
    ],
    [
      "a function of every element",
      "SELECT COUNT(CONTAINS_SUBSTR(GENERATE_ARRAY(1, 20000 + MOD(i, 2)), 'x')) FROM many",
    ],
    ["its own functions", "SELECT SUM(LENGTH(FROM_BASE32(REPEAT('A', 131072 - MOD(i, 2) * 8)))) FROM many"],
    ["Google's functions", "SELECT COUNT(INITCAP(CONCAT(REPEAT('é', 60000), CAST(i AS STRING)))) FROM many"],
  ] as const)
    itInCI(`stops ${what}, in the middle of 2,048 rows`, async function () {
      this.timeout(60_000);
      const hasty = await openGoogleSql({ database: connection, limits: { seconds: 1 } });
      const began = performance.now();
      const error = await errorOf(() =>
        hasty.run(`WITH many AS (SELECT i FROM UNNEST(GENERATE_ARRAY(1, 2000)) AS i) ${sql}`),
      );
      const took = performance.now() - began;
      await hasty.close();
      expect((error as RunError).message).contain("longer than 1 seconds");
      // All rows take minutes.
      expect(took).below(30_000);
    });

  itInCI("stops a query that runs again, in the middle of its rows", async () => {
    const query = `SELECT SUM(ARRAY_LENGTH(ARRAY_FILTER(GENERATE_ARRAY(1, 29000), e -> LENGTH(REPEAT('a', e + 1000)) > i))) AS n
      FROM UNNEST(GENERATE_ARRAY(1, 2)) AS i`;
    const { duckDb } = await db.check(query);
    const engine = await openEngine(file);
    const run = async (limits: Limits) => {
      const began = performance.now();
      const outcome = await engine.rows(duckDb, [{ typeKind: "TYPE_INT64" }], limits).catch((error) => error);
      return { outcome, took: performance.now() - began };
    };
    const whole = await run(defaultLimits);
    expect(whole.outcome).to.deep.equal([[29000 * 2]]);
    const stopped = await run({ ...defaultLimits, seconds: 0.1 });
    expect(stopped.outcome).property("why", "limit");
    expect(stopped.took).to.be.below(whole.took / 2);
    await engine.close();
  });

  it("makes no arrays and texts that fill the memory before anything can stop the query", async () => {
    for (const [sql, message] of [
      [
        "ARRAY_TRANSFORM(GENERATE_ARRAY(1, 40000), e -> e + MOD(id, 2))",
        "a lambda on an array of more than 30000 elements",
      ],
      [
        "ARRAY_INCLUDES(GENERATE_ARRAY(1, 40000), e -> e = -MOD(id, 2))",
        "a lambda on an array of more than 30000 elements",
      ],
      [
        "ARRAY_TRANSFORM([1, 2, 3], e -> REPEAT('a', 90000 + MOD(id, 2)))",
        "a lambda on an array of more than 262144 bytes",
      ],
      ["ARRAY_FILTER(SPLIT(REPEAT('a,', 60000)), e -> id > 0)", "a lambda on an array of more than"],
      [
        "ARRAY_TRANSFORM([1, 2, 3], e -> STRUCT(REPEAT('a', 90000 + MOD(id, 2))))",
        "a lambda on an array of more than 262144 bytes",
      ],
      ["NORMALIZE(REPEAT('ﷺ', 43000 + MOD(id, 2)), NFKC)", "a text of more than 131072 bytes"],
      ["TO_BASE32(CAST(REPEAT('a', 100000 + MOD(id, 2)) AS BYTES))", "a text of more than 131072 bytes"],
    ] as const)
      expect(((await errorOf(() => db.run(`SELECT ${sql} FROM shop.orders`))) as RunError).message).contain(message);
    const fits = "ARRAY_TRANSFORM(GENERATE_ARRAY(1, 30000), e -> CONCAT('a', CAST(MOD(e, 10) AS STRING)))";
    expect((await db.run(`SELECT ARRAY_LENGTH(${fits}), "googlesql_goes_on('0')"`)).rows).deep.equal([
      [30_000, "googlesql_goes_on('0')"],
    ]);
  });

  it("answers a series of any length, and no array of it", async () => {
    expect((await db.run("SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 20000000)) AS n")).rows).deep.equal([
      [20_000_000],
    ]);
    for (const sql of [
      "SELECT ARRAY_LENGTH(GENERATE_ARRAY(1, 20000000))",
      "SELECT SUM(ARRAY_LENGTH(GENERATE_ARRAY(id, 1000000))) FROM shop.orders",
    ])
      expect(((await errorOf(() => db.run(sql))) as RunError).message).match(/GENERATE_ARRAY of more than/);
  });

  it("refuses too long a query before it is analysed, and analyses a long one", async () => {
    const list = (length: number) => `SELECT ${Array.from({ length }, (_, n) => n).join(", ")}`;
    expect(await errorOf(() => db.check(list(200_000)))).instanceOf(SqlError);
    expect(db.check(list(1000)).columns).length(1000);
  });

  // DuckDB ends a stream that fails or is interrupted half way without an error.
  describe("gives a whole answer or an error", () => {
    const many = "UNNEST(GENERATE_ARRAY(1, 300000)) AS n";

    it("that fails on a late row", async () => {
      const error = await errorOf(() => db.run(`SELECT 1 / (n - 290000) FROM ${many}`));
      expect(error).instanceOf(RunError).include({ why: "failed", message: "The query failed: division by zero" });
    });

    itInCI("that is late while its rows are read", async () => {
      for (let seconds = 0.05, whole = false; !whole; seconds *= 2) {
        const hasty = await openGoogleSql({ database: connection, limits: { seconds } });
        const answer = await hasty.run(`SELECT n, n + 1, n + 2 FROM ${many}`).catch((error) => error);
        whole = !(answer instanceof RunError);
        if (whole) expect(answer.rows).length(300_000);
        else expect(answer.message).contain("seconds and was stopped");
        await hasty.close();
      }
    });

    it("that grows too large", async () => {
      const small = await openGoogleSql({ database: connection, limits: { bytes: 2_000_000 } });
      const error = await errorOf(() => small.run(`SELECT REPEAT('a', 1000) FROM ${many}`));
      expect(error).instanceOf(RunError).include({ why: "limit" });
      expect((error as RunError).message).contain("more than 2 MB");
      await small.close();
    });

    it("in the caller's transaction, which stays open", async () => {
      await connection.run("BEGIN TRANSACTION");
      expect((await db.run(`SELECT n FROM ${many}`)).rows).length(300_000);
      await connection.run("COMMIT");
    });
  });

  it("prepares a query once for several runs, which read clock and chance anew", async () => {
    const own = await openGoogleSql({ database: file });
    const { prepare } = DuckDBConnection.prototype;
    let prepared = 0;
    DuckDBConnection.prototype.prepare = function (sql) {
      prepared++;
      return prepare.call(this, sql);
    };
    try {
      const query = "SELECT CURRENT_TIMESTAMP() AS now, RAND() AS chance, COUNT(*) AS orders FROM shop.orders";
      const first = await own.run(query);
      const second = await own.run(query);
      expect(prepared).to.equal(1);
      expect(first.rows[0]?.[2]).to.equal(second.rows[0]?.[2]).and.to.equal(2);
      for (const column of [0, 1]) expect(first.rows[0]?.[column]).not.to.equal(second.rows[0]?.[column]);
      const alike = await Promise.all(["a", "b", "c"].map(() => own.run("SELECT id FROM shop.orders ORDER BY id")));
      for (const { rows } of alike) expect(rows).to.deep.equal([[2], [2147483647]]);
      for (let number = 0; number < 40; number++) await own.run(`SELECT ${number} AS number`);
      expect((await own.run(query)).rows[0]?.[2], "after many other queries").to.equal(2);
    } finally {
      DuckDBConnection.prototype.prepare = prepare;
      await own.close();
    }
  });

  it("runs a query again after it failed or grew too large", async () => {
    const failing = "SELECT CAST(name AS INT64) AS number FROM cities";
    for (const time of ["first", "second"])
      expect(await errorOf(() => db.run(failing)), time).to.be.instanceOf(RunError);
    const small = await openGoogleSql({ database: file, limits: { rows: 1 } });
    for (const time of ["first", "second"])
      expect(await errorOf(() => small.run("SELECT id FROM shop.orders")), time).property("why", "limit");
    expect((await small.run("SELECT MIN(id) AS id FROM shop.orders")).rows).to.deep.equal([[2]]);
    await small.close();
  });

  it("uses an open connection, for several queries at once, and leaves it open with its settings", async () => {
    const setting = async () =>
      (await connection.runAndReadAll("SELECT current_setting('disabled_optimizers')")).getRows();
    await connection.run("SET disabled_optimizers = 'join_order'");
    const before = await setting();
    const other = await openGoogleSql({ database: connection });
    const answers = await Promise.all(
      [1, 2, 3].map((n) => other.run(`SELECT ${n} * id FROM shop.orders WHERE id = 2`)),
    );
    expect(answers.map(({ rows }) => rows)).deep.equal([[[2]], [[4]], [[6]]]);
    expect(String(await setting())).match(/^join_order,./);
    await other.close();
    expect(await setting()).deep.equal(before);
    await connection.run("RESET disabled_optimizers");
  });

  it("takes a list of tables, under names of their own", async () => {
    const tables = [
      {
        name: "my-project.places.towns",
        columns: [{ name: "name", type: "STRING" }],
        relation: "main.cities",
      } as const,
    ];
    const other = await openGoogleSql({ database: file, tables });
    expect((await other.run("SELECT name FROM `my-project.places.towns`")).rows).deep.equal([["Kyiv"]]);
    expect((await other.run("SELECT name FROM `my-project`.places.towns")).rows).deep.equal([["Kyiv"]]);
    expect(await errorOf(() => other.run("SELECT name FROM cities"))).instanceOf(SqlError);
    await other.close();
  });

  it("can neither change a file nor read another", async () => {
    expect(await errorOf(() => db.run("DELETE FROM cities WHERE TRUE"))).instanceOf(SqlError);
    expect(await errorOf(() => db.run("SELECT * FROM read_csv('/etc/passwd')"))).instanceOf(SqlError);
  });

  it("gives a code for what is wrong with the database or the catalogue", async () => {
    const { dependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    for (const [options, code, message] of [
      [{ database: join(folder, "none.duckdb") }, "DATABASE_MISSING", "none.duckdb does not exist"],
      [{ database: import.meta.filename }, "DATABASE_UNREADABLE", "open.test.ts cannot be read"],
      [
        { database: {} as DuckDBConnection },
        "DATABASE_UNREADABLE",
        `npm install @duckdb/node-api@${dependencies["@duckdb/node-api"]}`,
      ],
      [{ database: file, tables: [{ name: "a.b.c.d", columns: [] }] }, "WRONG_CATALOGUE", '"a.b.c.d" is none of'],
    ] as const) {
      const error = await errorOf(() => openGoogleSql(options));
      expect(error).instanceOf(UserError).property("code", code);
      expect((error as UserError).message).contain(message);
    }
  });

  it("computes with Google's implementation again after an earlier database was closed", async () => {
    for (let times = 0; times < 2; times++) {
      const other = await openGoogleSql({ database: file });
      try {
        expect((await other.run("SELECT INITCAP(name) FROM cities")).rows).deep.equal([["Kyiv"]]);
      } finally {
        await other.close();
      }
    }
  });

  it("ends the analyser's thread when it is closed", async function () {
    if (!existsSync("/proc/self/task")) this.skip();
    const threads = () => readdirSync("/proc/self/task").length;
    const before = threads();
    for (let times = 0; times < 3; times++) {
      const closed = await openGoogleSql({ database: file });
      closed.check("SELECT 1");
      await closed.close();
      expect(() => closed.check("SELECT 1")).throw(RunError, "The analyser was closed");
    }
    while (threads() > before) await setTimeout(10);
  });
});
