import { expect } from "chai";
import fc from "fast-check";
import { UnsupportedSql } from "../../src/errors.ts";
import { toDuckDb } from "../../src/translate/translate.ts";
import { type Both, loadBoth, scansOf } from "./both.ts";
import { tables } from "./expressions.ts";

const itInCI = process.env.CI ? it : it.skip;

/** Queries that BigQuery runs and the translation refuses: what is not supported, its line and column, and the advice. */
const refused: readonly (readonly [string, string, number | undefined, number | undefined, advice?: string])[] = [
  [
    "SELECT 1,\n  KEYS.NEW_KEYSET('AEAD_AES_GCM_256') FROM t",
    "the function KEYS.NEW_KEYSET",
    2,
    3,
    "Write TO_HEX(SHA256(x)), which hides a value for good, or store the result in a table.",
  ],
  [
    "SELECT 'ü', CONTAINS_SUBSTR(s, r) FROM t",
    "CONTAINS_SUBSTR of a text that is not written out",
    1,
    13,
    "Write STRPOS(LOWER(x), LOWER(y)) > 0.",
  ],
  [
    "SELECT i FROM t WHERE\tCONTAINS_SUBSTR((s, JSON '1'), 'a')",
    "CONTAINS_SUBSTR of JSON",
    1,
    25,
    "Write it as a STRING first.",
  ],
  ["SELECT SESSION_USER()", "the function SESSION_USER", 1, 8, "Write the address as a text."],
  [
    "SELECT IFERROR(1 / i, 0) FROM t",
    "the function IFERROR",
    1,
    8,
    "Write IFNULL(x, y) with SAFE_DIVIDE, SAFE_CAST or another SAFE function in x.",
  ],
  [
    "SELECT ISERROR(1 / i) FROM t",
    "the function ISERROR",
    1,
    8,
    "Write IS NULL after SAFE_DIVIDE, SAFE_CAST or another SAFE function.",
  ],
  [
    "SELECT NULLIFERROR(1 / i) FROM t",
    "the function NULLIFERROR",
    1,
    8,
    "Write SAFE_DIVIDE, SAFE_CAST or another SAFE function, which turn errors into NULL.",
  ],
  ["SELECT s FROM t ORDER BY s COLLATE 'und:ci'", "a collation", 1, 26, "Order by LOWER(x)."],
  ["SELECT SUM(CAST(n AS BIGNUMERIC)) FROM t", "SUM of BIGNUMERIC", 1, 8, "CAST it to NUMERIC or FLOAT64."],
  ["SELECT SUM((SELECT n)) FROM t", "SUM of a subquery", 1, 8],
  [
    "SELECT VAR_POP(DISTINCT n) FROM t",
    "VAR_POP of DISTINCT NUMERIC",
    1,
    8,
    "Write SELECT DISTINCT in a subquery, and aggregate its rows.",
  ],
  [
    "SELECT PERCENTILE_CONT(i, 0.5 RESPECT NULLS) OVER () FROM t",
    "PERCENTILE_CONT with ORDER BY, LIMIT, IGNORE NULLS or RESPECT NULLS",
    1,
    8,
    "Leave RESPECT NULLS out, and replace NULL by a number: IFNULL(x, 0).",
  ],
  ...(
    [
      ["MAX(RANGE(d, NULL))", "MAX of RANGE", 8],
      ["RANGE(d, NULL) < RANGE(e, NULL)", "LESS of RANGE", 8],
      ["ARRAY_AGG(i ORDER BY RANGE(d, NULL))", "ORDER BY a RANGE", 29],
      ["ANY_VALUE(i HAVING MAX RANGE(d, NULL))", "ANY_VALUE of RANGE", 8],
    ] as const
  ).map(
    ([made, what, column]) =>
      [`SELECT ${made} FROM t`, what, 1, column, "Use RANGE_START(x) and RANGE_END(x)."] as const,
  ),
  [
    "SELECT IS_FIRST(-1) OVER (ORDER BY i) FROM t",
    "IS_FIRST of such a number of rows",
    1,
    8,
    "Write a number from 0 on.",
  ],
  [
    "SELECT ARRAY_ZIP([1], [2])",
    "the function ARRAY_ZIP",
    1,
    8,
    "Write ARRAY(SELECT STRUCT(a, other[SAFE_OFFSET(at)]) FROM UNNEST(list) AS a WITH OFFSET AS at).",
  ],
  ["SELECT CAST('inf' AS FLOAT64)", "NaN and infinities", 1, 8, "Write NULL, or a number such as 1e308."],
  ["SELECT STRUCT()", "a value of type STRUCT<>", 1, 8],
  [
    "SELECT (i, j) IN (SELECT (k, k) FROM u) FROM t",
    "a STRUCT or an ARRAY in IN (SELECT …)",
    1,
    8,
    "Compare the fields: EXISTS (SELECT 1 FROM other AS o WHERE o.a = t.a AND o.b = t.b).",
  ],
  ["SELECT STRUCT((i, j)) = STRUCT((j, i)) FROM t", "EQUAL of STRUCTs in STRUCTs", 1, 8],
  [
    "SELECT i FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01 00:00:00'",
    "FOR SYSTEM_TIME AS OF",
    1,
    15,
    "DuckDB keeps no earlier versions of a table: read it as it is now.",
  ],
  [
    "SELECT i FROM t TABLESAMPLE SYSTEM (10 PERCENT)",
    "TABLESAMPLE",
    1,
    1,
    "Over own tables, write WHERE RAND() < 0.1.",
  ],
  [
    "SELECT SUM(i HAVING MAX j) FROM t",
    "SUM with HAVING MAX",
    1,
    8,
    "Keep the rows in a subquery, and aggregate them: QUALIFY RANK() OVER (PARTITION BY the groups ORDER BY x DESC) = 1.",
  ],
  [
    "SELECT i, e FROM t LEFT JOIN UNNEST([1, 2]) AS e ON e = i",
    "an outer join with an UNNEST on a condition",
    1,
    1,
    "Put the condition into the array: LEFT JOIN UNNEST(ARRAY(SELECT e FROM UNNEST(list) AS e WHERE e > 0)) AS e.",
  ],
  [
    "SELECT APPROX_QUANTILES(i, 100000) FROM t",
    "APPROX_QUANTILES into 100000",
    1,
    8,
    "Write a number from 1 to 10,000.",
  ],
  [
    "SELECT APPROX_TOP_COUNT(DISTINCT s, 2) FROM t",
    "APPROX_TOP_COUNT of such values",
    1,
    8,
    "Write GROUP BY the value, ORDER BY COUNT(*) DESC and LIMIT.",
  ],
  ["SELECT STRING_AGG(CAST(s AS BYTES)) FROM t", "STRING_AGG of BYTES", 1, 8, "Write STRING_AGG(TO_HEX(x))."],
  ...["SELECT MAX([i]) FROM t", "SELECT MIN([s]) OVER () FROM t"].map(
    (sql) => [sql, `${sql.slice(7, 10)} of ARRAY`, 1, 8, "Aggregate the elements: FROM …, UNNEST(list) AS e."] as const,
  ),
  [
    "SELECT * FROM UNNEST([1], [2])",
    "an UNNEST of several arrays",
    1,
    1,
    "Write UNNEST(a) AS x WITH OFFSET AS at, and b[SAFE_OFFSET(at)] for the other array.",
  ],
  [
    "SELECT APPROX_TOP_SUM(s, i, 2) FROM t",
    "the function APPROX_TOP_SUM",
    1,
    8,
    "Write GROUP BY the value, ORDER BY SUM(weight) DESC and LIMIT.",
  ],
  [
    "SELECT KLL_QUANTILES.INIT_INT64(i) FROM t",
    "the function KLL_QUANTILES.INIT_INT64",
    1,
    8,
    "Write APPROX_QUANTILES(x, n) over the rows themselves.",
  ],
  ...["AEAD.ENCRYPT(b'k', s, 'a')", "DETERMINISTIC_ENCRYPT(b'k', s, 'a')"].map(
    (call) =>
      [
        `SELECT ${call} FROM t`,
        `the function ${call.replace(/\(.*/, "")}`,
        1,
        8,
        "Write TO_HEX(SHA256(x)), which hides a value for good, or store the result in a table.",
      ] as const,
  ),
  [
    "SELECT HLL_COUNT.INIT(i) FROM t",
    "the function HLL_COUNT.INIT",
    1,
    8,
    "Write APPROX_COUNT_DISTINCT(x) over the rows themselves.",
  ],
  [
    "SELECT SAFE.ARRAY_FILTER([1], e -> 1 / e > 0)",
    "SAFE.ARRAY_FILTER with a lambda",
    1,
    8,
    "Use SAFE functions in the lambda: ARRAY_TRANSFORM(list, e -> SAFE_DIVIDE(1, e)).",
  ],
  [
    "SELECT ARRAY_FILTER([1], e -> e IN (SELECT k FROM u))",
    "a lambda",
    1,
    8,
    "Write ARRAY(SELECT e + 1 FROM UNNEST(list) AS e WHERE e > 0).",
  ],
  [
    "SELECT SUM(MAX(i) GROUP BY s HAVING COUNT(*) > 1) FROM t",
    "HAVING in an aggregate function",
    1,
    8,
    "Group in a subquery with HAVING, and aggregate its rows.",
  ],
  [
    "SELECT COUNT(* WHERE i > 1) FROM t",
    "WHERE in an aggregate function",
    1,
    8,
    "Write COUNTIF(condition), or SUM(IF(condition, x, NULL)).",
  ],
  [
    "SELECT i FROM t INTERSECT ALL SELECT k FROM u",
    "INTERSECT ALL",
    1,
    1,
    "BigQuery has INTERSECT DISTINCT and EXCEPT DISTINCT.",
  ],
  [
    "SELECT t.i FROM t LEFT JOIN u ON t.i = (SELECT MAX(k) FROM u)",
    "a subquery in the condition of an outer join",
    1,
    19,
    "Join the subquery in FROM, and compare its column.",
  ],
  [
    "SELECT LAG(i, -1) OVER (ORDER BY i) FROM t",
    "LAG by a negative number of rows",
    1,
    8,
    "Write LEAD for LAG, or LAG for LEAD.",
  ],
  [
    "SELECT HLL_COUNT.MERGE(h) FROM (SELECT HLL_COUNT.INIT(i) AS h FROM t)",
    "the function HLL_COUNT.MERGE",
    1,
    8,
    "Write APPROX_COUNT_DISTINCT(x) over the rows themselves.",
  ],
  [`SELECT ${"(SELECT ".repeat(13)}1${")".repeat(13)}`, "subqueries in more than 12 others", 1, 104],
];

describe("the translation of a query into DuckDB's SQL", function () {
  this.timeout(120_000);
  let both: Both;
  before(async () => {
    both = await loadBoth([
      ...tables,
      {
        id: "people",
        paths: [["people"]],
        columns: [
          { name: "email", kind: "STRING" },
          { name: "house", kind: "STRING" },
          { name: "town", kind: "STRING" },
          { name: "age", kind: "INT64" },
        ],
        rows: [
          ["a", "x", "Kyiv", "20"],
          ["a", "x", "Kyiv", "30"],
          ["b", "x", "Kyiv", "40"],
          ["c", "y", "Lviv", "50"],
          [null, "z", "Lviv", "60"],
          ["d", "y", "Odesa", "70"],
          ["e", "z", "Odesa", "80"],
        ],
      },
      {
        id: "numbered",
        paths: [["numbered"]],
        columns: [1, 2, 3, 4, 5].map((id) => ({ name: `c${id}`, kind: "INT64" as const })),
        rows: [["-1", "-2", "-3", "-4", "-5"]],
      },
    ]);
  });
  after(() => both.close());

  it("checks no row of a text whose form the query itself tells, and writes plain rows as JSON without Google's implementation", () => {
    const hash = both.translate("SELECT CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(s)), 1, 15)) AS INT64) FROM t", {
      sensitive: true,
    });
    expect(hash).not.match(/list_transform|regexp|TRY|googlesql/);
    // Sixteen digits may be too large a number.
    const longer = both.translate("SELECT CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(s)), 1, 16)) AS INT64) FROM t", {
      sensitive: true,
    });
    expect(longer).match(/TRY_CAST/);
    const plain = "CONCAT(CAST(i AS STRING), 'x')";
    const formatted = "CONCAT(CAST(i AS STRING FORMAT '999'), 'x')";
    for (const [text, isChecked] of [
      [plain, false],
      [formatted, true],
    ] as const)
      expect(both.translate(`SELECT ${text} FROM t`, { sensitive: true }).includes("<= 4096"), text).to.equal(
        isChecked,
      );
    const rows = both.translate("SELECT TO_JSON_STRING(r) FROM (SELECT i, s, d FROM t) AS r");
    expect(rows).match(/THEN x[.]a0 ELSE googlesql_/);
  });

  itInCI(
    "reads at most 40 tables, counting a WITH clause once for each reference: DuckDB would plan for minutes",
    () => {
      const joined = (tables: number) =>
        `SELECT 1 FROM t ${Array.from({ length: tables - 1 }, (_, n) => `JOIN t AS t${n} ON t${n}.i = t.i`).join(" ")}`;
      const doubled = (times: number) => {
        const clauses = Array.from(
          { length: times },
          (_, n) => `c${n + 1} AS (SELECT a.i FROM c${n} AS a JOIN c${n} AS b ON b.i = a.i)`,
        );
        return `WITH c0 AS (SELECT i FROM t), ${clauses.join(", ")} SELECT i FROM c${times}`;
      };
      const written = (rows: number, row: string) => `SELECT 1 AS x${` UNION ALL SELECT ${row}`.repeat(rows - 1)}`;
      for (const sql of [joined(40), doubled(5), written(100, "2.5")]) expect(both.translate(sql)).a("string");
      for (const sql of [joined(41), doubled(6), doubled(30), written(100, "(SELECT 2)")])
        expect(() => both.translate(sql)).throw(UnsupportedSql, "more than 40 tables");
    },
  );

  it("refuses nested computed columns that grow by more than 250: DuckDB would plan for minutes", () => {
    const doubled = (times: number, from: string) =>
      `${"SELECT CONCAT(s, s) AS s FROM (".repeat(times)}${from}${")".repeat(times)}`;
    const table = "SELECT s FROM t";
    const both_ = `SELECT s FROM (${table}) UNION ALL SELECT s FROM (${table})`;
    const groups = "SELECT s FROM t GROUP BY s";
    for (const sql of [doubled(7, table), doubled(7, both_), doubled(7, groups)])
      expect(both.translate(`SELECT s FROM (${sql}) WHERE s <> ''`)).a("string");
    for (const sql of [doubled(8, table), doubled(8, both_), doubled(30, groups)])
      expect(() => both.translate(`SELECT s FROM (${sql}) WHERE s <> ''`)).throw(UnsupportedSql, "from each other");
    const clauses = `WITH a AS (${doubled(4, table)}), b AS (${doubled(4, "SELECT s FROM a")}) SELECT s FROM b`;
    expect(() => both.translate(clauses)).throw(UnsupportedSql, "from each other");
    const aggregates = doubled(4, `SELECT STRING_AGG(s) AS s FROM (${doubled(7, table)})`);
    expect(both.translate(aggregates)).a("string");
  });

  it("looks a value up in a written array as in a list, and does not search the array for each row", async () => {
    const sql = "SELECT COUNTIF(age IN UNNEST([30, 40, NULL])) AS n FROM people";
    expect(both.translate(sql)).contain(" IN (").and.not.contain("list_contains");
    expect(await both.run(both.translate(sql))).deep.equal(
      await both.run(both.translate("SELECT COUNTIF(age IN (30, 40, NULL)) AS n FROM people")),
    );
    const empty = "SELECT COUNTIF(age IN UNNEST(CAST([] AS ARRAY<INT64>))) AS n FROM people";
    expect(await both.run(both.translate(empty))).deep.equal([["0"]]);
  });

  function threshold(sql: string, unitColumnIds: readonly string[], least: number): string {
    const query = both.analyse(sql);
    const scans = [...scansOf(query)].filter(({ kind }) => kind === "AggregationThresholdAggregateScan");
    const notes = new Map(scans.map((scan) => [scan, { having: { unitColumnIds, threshold: least } }]));
    return toDuckDb(query, { relation: (id) => `main.${id}`, notes, sensitive: false });
  }

  it("suppresses groups with fewer distinct privacy units than the threshold, and does not count NULL", async () => {
    const sql = "SELECT WITH AGGREGATION_THRESHOLD town, COUNT(*) AS n FROM people GROUP BY town ORDER BY town";
    expect(await both.run(threshold(sql, ["1"], 2))).deep.equal([
      ["Kyiv", "3"],
      ["Odesa", "2"],
    ]);
    expect(await both.run(threshold(sql, ["1"], 3))).deep.equal([]);
  });

  it("counts the privacy units of each view if there are several", async () => {
    const sql = "SELECT WITH AGGREGATION_THRESHOLD town, COUNT(*) AS n FROM people GROUP BY town ORDER BY town";
    expect(await both.run(threshold(sql, ["1", "2"], 2))).deep.equal([["Odesa", "2"]]);
  });

  it("suppresses the one group of a query without GROUP BY", async () => {
    const sql = "SELECT WITH AGGREGATION_THRESHOLD SUM(age) FROM people";
    expect(await both.run(threshold(sql, ["1"], 5))).deep.equal([["350"]]);
    expect(await both.run(threshold(sql, ["1"], 6))).deep.equal([]);
  });

  it("does not confuse a name in the query with that of a privacy unit or a group", async () => {
    for (const [one, other] of [
      ["c1", "c8"],
      ["C1", "c3"],
      ["c5", "c6"],
      ["c8", "c7"],
    ]) {
      const sql = `SELECT WITH AGGREGATION_THRESHOLD MIN(town) AS ${other}, town AS ${one} FROM people GROUP BY town`;
      expect((await both.run(threshold(sql, ["1"], 2))).sort()).deep.equal([
        ["Kyiv", "Kyiv"],
        ["Odesa", "Odesa"],
      ]);
    }
  });

  it("does not confuse a table's column c4 with the outer query's column of this id", async () => {
    const sql = "SELECT (SELECT MAX(x) FROM (SELECT p.age AS x FROM numbered)) FROM people AS p WHERE p.age = 20";
    expect(await both.run(both.translate(sql))).deep.equal([["20"]]);
  });

  it("refuses the clauses of analysis rules that nobody checked", () => {
    for (const clause of ["WITH AGGREGATION_THRESHOLD", "WITH DIFFERENTIAL_PRIVACY"])
      expect(() => both.translate(`SELECT ${clause} COUNT(*) FROM people`))
        .throw(UnsupportedSql, `SELECT ${clause}`)
        .with.property("advice")
        .that.contains("analysis-rules");
  });

  it("names the columns as the query does, with any characters", async () => {
    const sql = 'SELECT 1 AS `a"b; DROP TABLE t --`, 2 AS `select`, 3 AS c1, 4 AS `C1`, 5 AS `ü`';
    const translated = both.translate(sql);
    expect(translated).contain('AS "a""b; DROP TABLE t --"').contain('AS "select"');
    expect(await both.run(translated)).deep.equal([["1", "2", "3", "4", "5"]]);
  });

  itInCI("keeps every text unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^['"\\$%;\0\n-]*$/)),
        async (value) => {
          // Write each character with GoogleSQL's escapes.
          const written = [...value]
            .map((letter) => `\\U${letter.codePointAt(0)?.toString(16).padStart(8, "0")}`)
            .join("");
          expect(await both.run(both.translate(`SELECT '${written}'`))).deep.equal([[value]]);
        },
      ),
    );
  });

  it("passes only names and values of the query's text on to DuckDB", () => {
    const sql = "SELECT /* secret */ SUM(i) AS n -- secret\nFROM `t` AS secret WHERE secret.i > 1 GROUP BY secret.s";
    expect(both.translate(sql)).not.match(/secret/);
  });

  for (const [sql, what, line, column, instead] of refused)
    it(`refuses ${what}: ${sql.replace("\n", " ")}`, () => {
      let refusal: unknown;
      try {
        both.translate(sql);
      } catch (error) {
        refusal = error;
      }
      expect(refusal).instanceOf(UnsupportedSql);
      const { what: said, line: atLine, column: atColumn, advice, message } = refusal as UnsupportedSql;
      expect([said, atLine, atColumn, advice]).deep.equal([what, line, column, instead]);
      expect(message).equal(`DuckDB cannot answer ${what} as BigQuery would.`);
    });
});
