import { readFileSync } from "node:fs";
import { expect } from "chai";
import { type Analyser, loadAnalyser } from "../../src/analyser/analyser.ts";
import { placeOf, unknownFields } from "../../src/analyser/node.ts";
import { startService } from "../../src/analyser/service.ts";
import type { ColumnKind } from "../../src/analyser/types.ts";
import { RunError, SqlError, UnsupportedSql, UserError } from "../../src/errors.ts";

const itInCI = process.env.CI ? it : it.skip;

describe("the analyser of GoogleSQL", function () {
  this.timeout(300_000);
  let analyser: Analyser;
  before(async () => {
    analyser = await loadAnalyser([
      {
        id: "the users",
        paths: [
          ["merchant", "users"],
          ["merchant.users"],
          ["demo-project", "merchant", "users"],
          ["demo-project.merchant.users"],
        ],
        columns: [
          { name: "id", kind: "INT64" },
          { name: "hashed_email", kind: "STRING" },
          { name: "age", kind: "INT64" },
          { name: "spend", kind: "FLOAT64" },
          { name: "balance", kind: "NUMERIC" },
          { name: "active", kind: "BOOL" },
          { name: "born", kind: "DATE" },
          { name: "created_at", kind: "TIMESTAMP" },
        ],
      },
    ]);
  });

  function errorOf(sql: string): SqlError {
    try {
      analyser.analyse(sql);
    } catch (error) {
      expect(error).instanceOf(SqlError);
      return error as SqlError;
    }
    throw new Error(`${sql} was analysed`);
  }

  it("was installed without the assertions that would take most of each analysis: see unpack.py", () => {
    const file = (path: string) => readFileSync(new URL(path, import.meta.url));
    const places = [...String(file("../../analyser/unpack.py")).matchAll(/": \((\d+), (\d+)\),/g)];
    const { wasm } = JSON.parse(String(file("../../../../.venv/googlesql.json")));
    const library = readFileSync(wasm);
    const codes = places.map(([, start, size]) => library.subarray(Number(start), Number(start) + Number(size)));
    expect(codes).length(2);
    // 1 is an instruction that does nothing.
    for (const code of codes) expect([...new Set(code.subarray(1, -1))]).deep.equal([1]);
  });

  it("names the columns of the answer and their types", () => {
    const { outputs } = analyser.analyse(
      "SELECT id, age + 1, spend AS s, * EXCEPT (id, age, spend) FROM merchant.users",
    );
    expect(outputs.map(({ name, column }) => [name, column.type.typeKind])).deep.equal([
      ["id", "TYPE_INT64"],
      ["$col2", "TYPE_INT64"],
      ["s", "TYPE_DOUBLE"],
      ["hashed_email", "TYPE_STRING"],
      ["balance", "TYPE_NUMERIC"],
      ["active", "TYPE_BOOL"],
      ["born", "TYPE_DATE"],
      ["created_at", "TYPE_TIMESTAMP"],
    ]);
  });

  for (const name of [
    "merchant.users",
    "`merchant`.`users`",
    "`merchant.users`",
    "demo-project.merchant.users",
    "`demo-project`.merchant.users",
    "`demo-project.merchant.users`",
  ])
    it(`knows a table by the name ${name}`, () => {
      const { query } = analyser.analyse(`SELECT id FROM ${name} AS u`);
      expect(JSON.stringify(query)).contain('"fullName":"the users"');
    });

  for (const [call, advice] of [
    ["max_by(id)", "Write ANY_VALUE(x HAVING MAX y) for MAX_BY(x, y)."],
    ["SAFE.MIN_BY(id, age)", "Write ANY_VALUE(x HAVING MIN y) for MIN_BY(x, y)."],
    ["COLLATE(hashed_email, 'und:ci')", "Compare LOWER(x) with LOWER(y)."],
    ["ST_GEOGPOINT(1, 2)", "Share latitude and longitude as FLOAT64, or a name of the place."],
    ["S2_CELLIDFROMPOINT(id)", "Share latitude and longitude as FLOAT64, or a name of the place."],
    ["TEXT_ANALYZE(hashed_email)", "Write REGEXP_EXTRACT_ALL(LOWER(x), r'\\w+')."],
    ["BAG_OF_WORDS([hashed_email])", "Count the words with FROM UNNEST(words) AS word … GROUP BY word."],
    ["DLP_DETERMINISTIC_ENCRYPT(b'k', 'a', 'b')", "Write TO_HEX(SHA256(x)), which hides a value for good."],
    ["ML.NORMALIZER([1.0])", "Compute its results elsewhere, store them in a table, and join that."],
    ["AI.IF('is it', connection_id => 'c')", "Compute its results elsewhere, store them in a table, and join that."],
  ] as const)
    it(`reports ${call}, which BigQuery has, as unsupported and not as unknown`, () => {
      const name = call.replace(/^SAFE[.]|\(.*/g, "").toUpperCase();
      expect(() => analyser.analyse(`SELECT 1,\n  ${call} FROM merchant.users`))
        .throw(UnsupportedSql, `DuckDB cannot answer the function ${name} as BigQuery would.`)
        .include({ advice, line: 2, column: 3 });
    });

  it("reports GAP_FILL, a table function of BigQuery, as unsupported and not as unknown", () => {
    const sql =
      "SELECT *\nFROM GAP_FILL(TABLE merchant.users, ts_column => 'created_at', bucket_width => INTERVAL 1 DAY)";
    expect(() => analyser.analyse(sql))
      .throw(UnsupportedSql, "DuckDB cannot answer the function GAP_FILL as BigQuery would.")
      .include({
        advice:
          "Join the days to the groups: FROM UNNEST(GENERATE_DATE_ARRAY(first, last)) AS day LEFT JOIN groups USING (day).",
        line: 2,
        column: 6,
      });
  });

  for (const [sql, what, advice, line, column] of [
    [
      "SELECT * FROM\n  ML.PREDICT(MODEL m, TABLE merchant.users)",
      "the function ML.PREDICT",
      /store them in a table/,
      2,
      3,
    ],
    [
      "SELECT * FROM EXTERNAL_QUERY('c', 'SELECT 1')",
      "the function EXTERNAL_QUERY",
      /^Copy the other database's rows/,
      1,
      15,
    ],
    [
      "SELECT * FROM CHANGES(TABLE merchant.users, NULL, NULL)",
      "the function CHANGES",
      /^DuckDB keeps no earlier/,
      1,
      15,
    ],
    ["SELECT * FROM `merchant.users_*`", "the table merchant.users_*", /UNION ALL/, 1, 15],
    [
      "SELECT * FROM `region-us`.INFORMATION_SCHEMA.JOBS",
      "the table region-us.INFORMATION_SCHEMA.JOBS",
      /`tables`/,
      1,
      15,
    ],
    ["SELECT * FROM merchant.__TABLES__", "the table merchant.__TABLES__", /`tables`/, 1, 15],
    ["SELECT @@time_zone", "the name @@time_zone", /as a constant[.]$/, 1, 8],
    [
      "SELECT id FROM merchant.users WHERE _PARTITIONTIME > '2026-01-01'",
      "the name _PARTITIONTIME",
      /^Use a column/,
      1,
      37,
    ],
    ["SELECT @p", "a query parameter", /^Write its value/, 1, 8],
    ["SELECT id FROM merchant.users WHERE id = ?", "a query parameter", /^Write its value/, 1, 42],
    [
      "SELECT * FROM merchant.users MATCH_RECOGNIZE (ORDER BY id PATTERN (a) DEFINE a AS id > 1)",
      "MATCH_RECOGNIZE",
      /LAG/,
      1,
      46,
    ],
    [
      "FROM merchant.users |> MATCH_RECOGNIZE (ORDER BY id PATTERN (a) DEFINE a AS id > 1)",
      "MATCH_RECOGNIZE",
      /LAG/,
      1,
      24,
    ],
  ] as const)
    it(`reports what BigQuery has as unsupported, with what to write instead: ${sql.replaceAll("\n", " ")}`, () => {
      const error = expect(() => analyser.analyse(sql))
        .throw(UnsupportedSql, `DuckDB cannot answer ${what} as BigQuery would.`)
        .include({ what, line, column });
      error.property("advice").match(advice);
    });

  it("takes names that BigQuery lacks as wrong, however alike they are", () => {
    for (const sql of [
      "SELECT * FROM merchant.user",
      "SELECT _PARTITION FROM merchant.users",
      "SELECT MLX(1)",
      "SELECT * FROM merchant.users MATCH_RECOGNIZE",
    ])
      expect(() => analyser.analyse(sql), sql).not.throw(UnsupportedSql);
  });

  it("keeps all columns of a table in its scan, used or not", () => {
    const { query } = analyser.analyse("SELECT id FROM merchant.users");
    expect((query.inputScan as { columnList: unknown[] }).columnList).length(8);
  });

  for (const [sql, message, line, column] of [
    ["SELECT 1 FORM merchant.users", /^Syntax error: Expected end of input but got identifier "merchant"/, 1, 15],
    ["SELECT\n  id,\n  FROM merchant.users WHERE", /^Syntax error: Unexpected end of statement/, 3, 28],
    ["SELECT 'a", /^Syntax error: Unclosed string literal/, 1, 8],
    ["SELECT idd FROM merchant.users", /^Unrecognized name: idd/, 1, 8],
    ["SELECT id\nFROM merchant.orders", /^Table not found: merchant.orders/, 2, 6],
    ["SELECT id + hashed_email FROM merchant.users", /^No matching signature for operator \+/, 1, 8],
    ["SELECT id, COUNT(*) FROM merchant.users", /neither grouped nor aggregated/, 1, 8],
    ["SELECT nosuch(1)", /^Function not found: nosuch/, 1, 8],
  ] as const)
    it(`reports an error with its place: ${sql.replaceAll("\n", " ")}`, () => {
      const error = errorOf(sql);
      expect(error.message).match(message);
      expect([error.line, error.column]).deep.equal([line, column]);
    });

  for (const sql of [
    "CREATE TABLE merchant.copy AS SELECT * FROM merchant.users",
    "CREATE OR REPLACE VIEW merchant.v AS SELECT 1",
    "INSERT INTO merchant.users (id) VALUES (1)",
    "UPDATE merchant.users SET id = 1 WHERE TRUE",
    "DELETE FROM merchant.users WHERE TRUE",
    "DROP TABLE merchant.users",
    "EXPORT DATA OPTIONS (uri = 'gs://b/*') AS SELECT * FROM merchant.users",
    "DECLARE x INT64",
    "BEGIN SELECT 1; END",
    "CALL merchant.procedure()",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    "SELECT 1; SELECT 2",
    "ASSERT TRUE",
    "EXPLAIN SELECT 1",
    "",
    "-- nothing",
  ])
    it(`refuses a statement that is not a query: ${sql}`, () => {
      errorOf(sql);
    });

  it("reads INT and the other names of INT64, a bare NULL beside LIKE, and a byte order mark", () => {
    const sql = "\uFEFFSELECT CAST(1 AS int), SAFE_CAST('1' AS BIGINT), CAST([1] AS ARRAY<SMALLINT>), 'a' LIKE NULL";
    const types = analyser.analyse(sql).outputs.map(({ column }) => column.type.typeKind);
    expect(types).deep.equal(["TYPE_INT64", "TYPE_INT64", "TYPE_ARRAY", "TYPE_BOOL"]);
    expect(errorOf("SELECT CAST(1 AS VARCHAR)").message).equal("Type not found: VARCHAR");
  });

  for (const [sql, message] of [
    ["CREATE TEMP FUNCTION f(x INT64) AS (x)", /Only one query .* in place of CREATE FUNCTION[.]$/],
    ["INSERT INTO merchant.users VALUES (1)", /INSERT would change data[.] Write a WITH clause/],
    ["DECLARE x INT64", /DECLARE belongs to a script[.] Write constants/],
    ["SELECT 1;\nSELECT 2", /Only one query .* Leave out what follows the semicolon/],
    ["SET x = 1", /SET belongs to a script/],
    ["SET @@x = 1", / SET belongs to a script/],
    ["SET (a, b) = (1, 2)", / SET belongs to a script/],
    ["FOR r IN (SELECT 1) DO SELECT 1; END FOR", /FOR belongs to a script/],
    ["LOAD DATA INTO x FROM FILES (format = 'CSV', uris = ['a'])", / FROM[.] LOAD DATA is another statement[.]$/],
    ["GRANT SELECT ON x TO y", /GRANT is another statement[.]$/],
    ["EXECUTE IMMEDIATE 'SELECT 1'", /EXECUTE IMMEDIATE belongs to a script/],
  ] as const)
    it(`says what to write instead of a statement: ${sql}`, () => {
      expect(errorOf(sql).message).match(message);
    });

  for (const [sql, message, column] of [
    ["SELECT COUNT(*) FROM x WHERE city = ‘Lviv’", "‘. Write ' around a text, and a backtick around a name.", 37],
    ["SELECT “city” FROM x", "“. Write ' around a text, and a backtick around a name.", 8],
    ["SELECT 'Київ' AS місто", "м. Write backticks around a name that has it.", 18],
    ["SELECT 1\u200b AS n", "U+200B. Leave it out.", 9],
    ["SELECT 2 × 2", "×. Leave it out.", 10],
  ] as const)
    it(`says what to write instead of a character that SQL does not have: ${sql}`, () => {
      const error = errorOf(sql);
      expect([error.message, error.column]).deep.equal([`Syntax error: Illegal input character ${message}`, column]);
    });

  it("reads a non-breaking space as a space, and names of all alphabets between backticks", () => {
    expect(analyser.analyse("SELECT\u00a0'Київ' AS `місто`").outputs[0]?.name).equal("місто");
  });

  it("lists the tables that a query names, as written, without its WITH clauses", () => {
    const sql =
      "WITH a AS (SELECT * FROM `x.y`) SELECT * FROM a JOIN p.d.t USING (id) WHERE id IN (SELECT id FROM Merchant.users)";
    expect(analyser.tablesOf(sql)).deep.equal([["Merchant", "users"], ["p", "d", "t"], ["x.y"]]);
    expect(analyser.tablesOf("SELECT 1")).deep.equal([]);
    expect(() => analyser.tablesOf("SELECT * FROM (")).throw(SqlError, /Syntax error/);
  });

  it("works after any number of errors", () => {
    for (let count = 0; count < 100; count++) errorOf(`SELECT nothing${count} FROM merchant.users`);
    expect(analyser.analyse("SELECT id FROM merchant.users").outputs).length(1);
  });

  for (const [what, sql] of [
    ["operators", `SELECT ${Array(250).fill("1").join(" + ")}`],
    ["functions", `SELECT ${"ABS(".repeat(2000)}1${")".repeat(2000)}`],
    ["subqueries", `SELECT ${"(SELECT ".repeat(2000)}1${")".repeat(2000)}`],
  ] as const)
    itInCI(`refuses ${what} nested too deeply, and analyses the next query`, () => {
      expect(errorOf(sql).message).match(/too deeply|stack space/);
      expect(analyser.analyse("SELECT 1").outputs).length(1);
    });

  it("refuses a name that the library does not take, and analyses the next query", () => {
    expect(errorOf("WITH `$a` AS (SELECT 1 AS x) SELECT x FROM `$a`").message).match(/a name that begins with [$]/);
    expect(analyser.analyse("SELECT 1").outputs).length(1);
  });

  itInCI("starts again in this process as a copy, which has only its own tables, after a crash too", async () => {
    expect(startService().isShared).to.equal(true);
    const columns = [{ name: "city", kind: "STRING" as const }];
    const other = await loadAnalyser([{ id: "s", paths: [["coffee", "stores"]], columns }]);
    try {
      const tree = () => JSON.stringify(other.analyse("SELECT city FROM coffee.stores").query);
      const before = tree();
      expect(() => other.analyse("SELECT id FROM merchant.users")).to.throw(SqlError, /Table not found/);
      expect(() => analyser.analyse("SELECT city FROM coffee.stores")).to.throw(SqlError, /Table not found/);
      expect(() => other.analyse(`${"SELECT * FROM (".repeat(3000)}SELECT 1${")".repeat(3000)}`)).to.throw(
        SqlError,
        /deep/,
      );
      expect(tree()).to.equal(before);
    } finally {
      other.close();
    }
  });

  it("analyses a table function once for all instances in which the tables that it reads are the same", async () => {
    const table = (id: string, ...columns: string[]) => ({
      id,
      paths: [[id]],
      columns: columns.map((name) => ({ name, kind: "INT64" as const })),
    });
    const [one, more, other] = await Promise.all([
      loadAnalyser([table("t", "id")]),
      loadAnalyser([table("u", "id"), table("t", "id")]),
      loadAnalyser([table("t", "id", "age")]),
    ]);
    try {
      const body = "SELECT * FROM t";
      const tree = one.analyseFunction([], body).query;
      one.close();
      expect(more.analyseFunction([], body).query).to.equal(tree);
      expect(more.analyseFunction([], "SELECT id + 1 AS next FROM t").outputs[0]?.name).to.equal("next");
      const outputs = other.analyseFunction([], body).outputs;
      expect(outputs.map(({ name }) => name)).to.deep.equal(["id", "age"]);
    } finally {
      for (const each of [one, more, other]) each.close();
    }
  });

  it("reports an error in a table function with its place in the function's text", () => {
    for (const [body, line, column] of [
      ["SELECT 1,\n  nosuch(1)", 2, 3],
      ["SELECT 1,\n  ST_ASTEXT(1)", 2, 3],
    ] as const)
      expect(() => analyser.analyseFunction([], body), body)
        .throw(/nosuch|ST_ASTEXT/)
        .include({ line, column });
  });

  it("analyses a table function that calls another one in each instance", async () => {
    const calling = (kind: ColumnKind) =>
      loadAnalyser([], undefined, [{ paths: [["f"]], parameters: [], columns: [{ name: "n", kind }] }]);
    const [one, other] = await Promise.all([calling("INT64"), calling("STRING")]);
    try {
      const kind = (analyser: Analyser) =>
        analyser.analyseFunction([], "SELECT n FROM f()").outputs[0]?.column.type.typeKind;
      expect([kind(one), kind(other)]).to.deep.equal(["TYPE_INT64", "TYPE_STRING"]);
    } finally {
      for (const each of [one, other]) each.close();
    }
  });

  it("refuses to compare, group or sort JSON, as BigQuery does", () => {
    for (const [sql, message] of [
      ["SELECT JSON '1' = JSON '1.0'", /^Equality is not defined for arguments of type JSON/],
      ["SELECT j FROM (SELECT JSON '1' AS j) GROUP BY j", /^Grouping by expressions of type JSON is not allowed/],
      ["SELECT DISTINCT j FROM (SELECT JSON '1' AS j)", /of type JSON cannot be used in SELECT DISTINCT/],
      ["SELECT 1 FROM (SELECT JSON '1' AS j) ORDER BY j", /^ORDER BY does not support expressions of type JSON/],
    ] as const)
      expect(() => analyser.analyse(sql), sql).throw(SqlError, message);
    expect(() => analyser.analyse("SELECT JSON_VALUE(JSON '[1]', '$[0]') = '1'")).not.throw();
  });

  it("ends a query that it is analysing when it is closed, and refuses later ones", async () => {
    const closed = await loadAnalyser([]);
    const said = closed.analyseSoon("SELECT 1").catch((error: unknown) => error);
    closed.close();
    for (const error of [await said, await closed.analyseSoon("SELECT 1").catch((error: unknown) => error)])
      expect(error).instanceOf(RunError).property("message", "The analyser was closed");
    closed.close();
  });

  it("reports that it is not installed, and how to install it", async () => {
    const error = await loadAnalyser([], "/nowhere/googlesql.json").catch((error: unknown) => error);
    expect(error).instanceOf(UserError).property("code", "ANALYSER_MISSING");
    expect((error as UserError).message).match(
      /is not at \/nowhere\/googlesql.json.*install googlesql-duckdb again.*node local\/install.mjs/,
    );
  });

  it("finds the place of a node, counting columns in characters and a tab as up to eight", () => {
    const sql = "SELECT 'ü😀',\n\tid,\r\n  -id FROM merchant.users";
    const { query } = analyser.analyse(sql);
    const [, , negated] = [undefined, undefined, (query.exprList as { expr: never }[])[1]?.expr];
    expect(negated && placeOf(sql, negated)).deep.equal({ line: 3, column: 3 });
    expect(placeOf(sql, { kind: "Literal" })).equal(undefined);
  });

  it("lists the fields of a node that have an effect and are not expected", () => {
    const node = {
      kind: "X",
      known: 1,
      empty: [],
      nothing: {},
      no: false,
      zero: "0",
      nested: { all: [] },
      other: "y",
      isOrdered: true,
    };
    expect(unknownFields(node, ["known"])).deep.equal(["other"]);
  });
});
