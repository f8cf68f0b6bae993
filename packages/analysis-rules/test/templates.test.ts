import { join } from "node:path";
import { expect } from "chai";
import { type CleanRoom, openRoom } from "../src/open-room.ts";
import { problemOf } from "../src/problem.ts";
import { NotFound, type Room, RoomError, type RoomTable, type RoomTemplate } from "../src/room.ts";
import { makeDatabase, temporaryFolder } from "./temporary-files.ts";

const columns = [
  { name: "email", kind: "STRING" },
  { name: "tier", kind: "STRING" },
  { name: "secret_score", kind: "INT64" },
] as const;

const people: RoomTable = {
  id: "pay.bank.people",
  project: "pay",
  dataset: "bank",
  table: "people",
  owner: "wallet",
  columns,
  relation: "bank.people",
};
const guarded: RoomTable = {
  ...people,
  id: "pay.bank.people_guarded",
  table: "people_guarded",
  relation: "bank.people",
  rule: {
    aggregationThreshold: { threshold: 3, privacyUnitColumn: "email" },
    joinRestriction: { condition: "JOIN_ANY", columns: ["email"] },
  },
};
const customers: RoomTable = {
  id: "shop.shop.customers",
  project: "shop",
  dataset: "shop",
  table: "customers",
  owner: "merchant",
  columns: [
    { name: "id", kind: "INT64" },
    { name: "email", kind: "STRING" },
    { name: "city", kind: "STRING" },
  ],
  relation: "shop.customers",
};

const guards = "At least three people a group.";
const template = (query: string, parameters: RoomTemplate["parameters"], answer: RoomTemplate["columns"]) => ({
  owner: "wallet",
  parameters,
  columns: answer,
  query,
  guards,
});
const list = { name: "listed", type: "TABLE<email STRING, city STRING>" };
const groups: RoomTemplate["columns"] = [
  { name: "city", kind: "STRING" },
  { name: "people", kind: "INT64" },
];

const templates: Room["templates"] = {
  by_city: template(
    `-- A comment of the owner's
WITH inner_matches AS (
  SELECT WITH AGGREGATION_THRESHOLD l.city, COUNT(DISTINCT p.email) AS people
  FROM listed AS l JOIN bank.people_guarded AS p ON p.email = l.email
  GROUP BY l.city
)
SELECT city, people FROM inner_matches WHERE people <= most`,
    [list, { name: "most", type: "INT64" }],
    groups,
  ),
  all_people: template(
    `SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 3, privacy_unit_column = email)
  any_list.city, COUNT(DISTINCT p.email) AS people
FROM any_list JOIN bank.people AS p USING (email) GROUP BY city`,
    [{ name: "any_list", type: "ANY TABLE" }],
    groups,
  ),
  // Divides by a score that is 0 for one person, and twice reads the table that is passed in.
  failing: template(
    `SELECT city, COUNT(*) + DIV(MAX(secret_score), MIN(secret_score)) AS people FROM listed AS a JOIN bank.people USING (email)
WHERE email IN (SELECT email FROM listed) GROUP BY city`,
    [list],
    groups,
  ),
  unguarded: template(
    "SELECT l.city, p.secret_score AS people FROM listed AS l JOIN bank.people_guarded AS p USING (email)",
    [list],
    groups,
  ),
  // Google's own implementation computes what DuckDB lacks.
  evaluated: template(
    "SELECT INITCAP(city) AS city, CAST(TO_JSON_STRING(people) AS INT64) + more AS people FROM (SELECT city, COUNT(*) AS people FROM listed JOIN bank.people USING (email) GROUP BY city)",
    [list, { name: "more", type: "INT64" }],
    groups,
  ),
  others: template("SELECT city, id AS people FROM shop.customers", [], groups),
  private_one: template("SELECT 'none' AS city, 1 AS people", [], groups),
};
/** Words of the queries above that no caller may ever read. */
const secrets = /inner_matches|people_guarded|bank\.|secret_score|privacy_unit|comment of/i;

const functionsIn = (dataset: string, ids: readonly string[]) =>
  ids.map((id) => ({ id, project: dataset === "bank" ? "pay" : "shop", dataset, name: id }));
const room: Room = {
  parties: {
    merchant: {
      title: "the merchant",
      project: "shop",
      tables: [customers, { ...guarded, project: "shop", dataset: "linked" }],
      functions: functionsIn("linked", ["by_city", "all_people", "failing", "unguarded", "others", "evaluated"]),
    },
    wallet: {
      title: "the e-wallet",
      project: "pay",
      tables: [people, guarded],
      functions: functionsIn("bank", Object.keys(templates)),
    },
  },
  templates,
};

describe("Query templates", () => {
  const folder = temporaryFolder();
  let opened: CleanRoom;
  const rows = async (sql: string, party = "merchant") => (await opened.ask(party, sql)).rows;
  const failure = async (sql: string, party = "merchant") => {
    const error = await opened.ask(party, sql).then(
      () => expect.fail(`answered: ${sql}`),
      (thrown: unknown) => thrown,
    );
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    return problem;
  };

  before(async () => {
    const database = join(folder, "clean-room.duckdb");
    // Five people of Kyiv, three of Lviv and one of Odesa have a wallet. One more customer has none.
    const emails = Array.from({ length: 10 }, (_, index) => `'p${index}'`);
    const cityOf = (index: number) => (index < 5 ? "'Kyiv'" : index < 8 ? "'Lviv'" : "'Odesa'");
    await makeDatabase(
      database,
      `CREATE SCHEMA bank; CREATE SCHEMA shop;
       CREATE TABLE bank.people (email VARCHAR, tier VARCHAR, secret_score BIGINT);
       INSERT INTO bank.people VALUES ${emails.slice(0, 9).map((email, index) => `(${email}, 'Free', ${index})`)};
       CREATE TABLE shop.customers (id BIGINT, email VARCHAR, city VARCHAR);
       INSERT INTO shop.customers VALUES ${emails.map((email, index) => `(${index}, ${email}, ${cityOf(index)})`)}`,
    );
    opened = await openRoom({ database, room });
  });
  after(() => opened.close());

  it("answer with the rows that the owner's rule lets out", async () => {
    expect(await rows("SELECT * FROM linked.by_city(TABLE shop.customers, 9) ORDER BY city")).to.deep.equal([
      ["Kyiv", 5],
      ["Lviv", 3],
    ]);
  });

  it("take a subquery, a WITH clause, columns in any order, and values", async () => {
    const some = "SELECT city, email, id FROM shop.customers WHERE id <> 0";
    expect(await rows(`SELECT people FROM linked.by_city((${some}), 4) WHERE city = 'Kyiv'`)).to.deep.equal([[4]]);
    expect(await rows(`WITH chosen AS (${some}) SELECT city FROM linked.by_city(TABLE chosen, 1 + 2)`)).to.deep.equal([
      ["Lviv"],
    ]);
    expect(await rows("SELECT * FROM `shop.linked.all_people`(TABLE shop.customers) ORDER BY 1")).to.deep.equal([
      ["Kyiv", 5],
      ["Lviv", 3],
    ]);
  });

  it("are tables like any other in the rest of the query", async () => {
    expect(
      await rows(`SELECT f.city, f.people, COUNT(*) AS customers FROM linked.by_city(TABLE shop.customers, 9) AS f
        JOIN shop.customers AS c USING (city) JOIN linked.all_people(TABLE shop.customers) AS g USING (city)
        GROUP BY city, people HAVING customers > 3`),
    ).to.deep.equal([["Kyiv", 5, 5]]);
    expect(
      await rows(`SELECT SUM(people) FROM (SELECT people FROM linked.by_city(TABLE shop.customers, 9) UNION ALL
        SELECT people FROM linked.by_city((SELECT * FROM shop.customers WHERE city = 'Kyiv'), 9))`),
    ).to.deep.equal([[13]]);
    expect(
      await rows(`SELECT city FROM shop.customers WHERE id = 9 OR id IN
        (SELECT people FROM linked.by_city((SELECT f.city, c.email FROM linked.all_people(TABLE shop.customers) AS f
          JOIN shop.customers AS c USING (city)), 3))`),
    ).to.deep.equal([["Kyiv"], ["Odesa"]]);
  });

  it("check the table and the values that are passed in", async () => {
    const cases: [string, RegExp][] = [
      [
        "(SELECT email FROM shop.customers), 9",
        /^Required column "city" not found in table passed as argument 1 of linked\.by_city\(TABLE<email STRING, city STRING>, INT64\)$/,
      ],
      [
        "(SELECT email, id AS city FROM shop.customers), 9",
        /^Invalid type INT64 for column "city STRING" of argument 1 of linked\.by_city/,
      ],
      ["TABLE shop.customers", /^No matching signature for linked\.by_city.*requires at least 2 arguments, found 1/s],
      ["TABLE shop.customers, 9, 9", /^No matching signature for linked\.by_city/],
      ["TABLE shop.customers, 'nine'", /'nine'|STRING/],
      ["(SELECT * FROM shop.customers), most => 9", /most/],
    ];
    for (const [given, message] of cases) {
      const problem = await failure(`SELECT * FROM linked.by_city(${given})`);
      expect(problem.message, given).to.match(message).and.not.match(secrets);
      expect(problem.rule).to.equal("GoogleSQL");
    }
    const any = await failure("SELECT * FROM linked.all_people((SELECT id, city FROM shop.customers))");
    expect(any.message).to.match(
      /^linked\.all_people cannot read the table .* TABLE<id INT64, city STRING>\. Its owner says: At least/,
    );
    for (const name of ["a b", "x INT64>) AS (SELECT 1)--", "`"])
      expect(
        (await failure(`SELECT * FROM linked.all_people((SELECT 1 AS \`${name.replace("`", "\\`")}\`))`)).message,
      ).to.match(/letters, digits/);
  });

  it("are refused in a query that reads too many tables, without a number that counts the owner's", async () => {
    const twice = (name: string, of: string) =>
      `${name} AS (SELECT x.people FROM ${of} AS x JOIN ${of} AS y USING (people))`;
    const { message, advice } = await failure(`WITH a AS (SELECT people FROM linked.all_people(TABLE shop.customers)),
      ${twice("b", "a")}, ${twice("c", "b")}, ${twice("d", "c")}, ${twice("e", "d")}, ${twice("f", "e")} SELECT COUNT(*) FROM f`);
    expect(message).to.equal(
      "DuckDB cannot answer a call of a query template in a query of this size as BigQuery would.",
    );
    expect(advice).to.match(/^Call each template in a query of its own/);
  });

  it("exist only for the parties that they are listed for", async () => {
    const error = await opened.ask("merchant", "SELECT * FROM linked.private_one()").catch((thrown) => thrown);
    expect(error).to.be.instanceOf(NotFound);
    expect(error.message).to.equal("Table-valued function not found: linked.private_one");
    expect(error.visible).to.deep.equal([
      "linked.all_people",
      "linked.by_city",
      "linked.evaluated",
      "linked.failing",
      "linked.others",
      "linked.unguarded",
    ]);
    expect((await failure("SELECT * FROM bank.by_city(TABLE shop.customers, 9)")).rule).to.equal("names");
    expect(await rows("SELECT people FROM bank.private_one()", "wallet")).to.deep.equal([[1]]);
  });

  it("are not blamed for a table that is passed in and cannot be translated", async () => {
    for (const [list, fault] of [
      ["SELECT MAX(email) AS email, city FROM shop.customers GROUP BY ROLLUP(city)", "ROLLUP, CUBE or GROUPING SETS"],
      [
        "SELECT email, evaluated.city FROM linked.evaluated((SELECT ARRAY_TO_STRING([email], '') AS email, city FROM shop.customers), 1) AS evaluated, shop.customers",
        "ARRAY_TO_STRING",
      ],
      ["SELECT email, CAST(RAND() AS STRING) AS city FROM shop.customers", "RAND"],
    ] as const)
      expect((await failure(`SELECT * FROM linked.by_city((${list}), 9)`)).message).to.match(
        new RegExp(`^DuckDB cannot answer ${fault}`),
      );
  });

  it("take no rows that a rule protects", async () => {
    const { rule } = await failure(
      "SELECT * FROM linked.all_people((SELECT email, tier AS city FROM linked.people_guarded))",
    );
    expect(rule).to.equal("aggregation threshold");
  });

  it("keep their WITH clauses apart from those of the caller, whatever these are called", async () => {
    for (const name of [
      "$1 with inner_matches",
      "$1 table listed",
      "$$1 with inner_matches",
      "$1 WITH inner_matches",
    ]) {
      const guarded = `WITH \`${name}\` AS (SELECT email, secret_score FROM linked.people_guarded)
        SELECT city, (SELECT STRING_AGG(k.email) FROM \`${name}\` AS k) AS emails FROM linked.by_city(TABLE shop.customers, 9)`;
      expect((await failure(guarded)).rule, name).to.equal("aggregation threshold");
      const own = `WITH \`${name}\` AS (SELECT 'x' AS email, 1 AS id)
        SELECT city, (SELECT MAX(k.email) FROM \`${name}\` AS k) AS x FROM linked.by_city(TABLE shop.customers, 9) ORDER BY 1`;
      expect(await rows(own), name).to.deep.equal([
        ["Kyiv", "x"],
        ["Lviv", "x"],
      ]);
    }
  });

  it("take no STRUCT whose fields' names would become a part of the query", async () => {
    const field = "a INT64>>) AS (SELECT email AS city, secret_score AS people FROM bank.people UNION ALL --";
    const listed = `SELECT email, city, STRUCT(1 AS \`${field}\`) AS c FROM shop.customers`;
    const problem = await failure(`SELECT * FROM linked.all_people((${listed}))`);
    expect(problem.message).to.match(/letters, digits/);
  });

  it("cannot be called once for each row, which would ask as often as a table has rows", async () => {
    const each = `SELECT id, (SELECT MAX(people) FROM linked.by_city(
      (SELECT email, 'x' AS city FROM shop.customers AS c WHERE c.id < 3 OR c.id = u.id), 9)) FROM shop.customers AS u`;
    expect((await failure(each)).message).to.equal(
      "linked.by_city cannot be called once for each row of another table",
    );
    for (const list of [
      "SELECT u.email, 'x' AS city",
      "SELECT email, CONCAT('x', u.id) AS city FROM shop.customers",
      "SELECT email, 'x' AS city FROM shop.customers WHERE id < 3 UNION ALL SELECT u.email, 'x'",
      "SELECT MAX(IF(id = u.id, email, NULL)) AS email, 'x' AS city FROM shop.customers",
      "SELECT email, CAST(SUM(u.id) OVER () AS STRING) AS city FROM shop.customers",
      "SELECT ANY_VALUE(email) AS email, city FROM (SELECT email, CONCAT('x', u.id) AS city FROM shop.customers) GROUP BY city",
      "SELECT email, WITH(a AS u.id, CAST(a AS STRING)) AS city FROM shop.customers",
      "SELECT email, CAST(ARRAY_LENGTH(ARRAY_FILTER([1, 2], x -> x < u.id)) AS STRING) AS city FROM shop.customers",
    ]) {
      const sql = `SELECT id, (SELECT MAX(people) FROM linked.by_city((${list}), 9)) FROM shop.customers AS u`;
      expect((await failure(sql)).rule, list).to.equal("query template");
    }
    expect(
      await rows(`SELECT COUNT(*) FROM linked.by_city((
        SELECT MAX(email) AS email, CONCAT('x', MOD(id, 2), SUM(COUNT(*)) OVER ()) AS city
        FROM shop.customers AS c, UNNEST([1, 2]) AS x WITH OFFSET AS o WHERE o < x
        GROUP BY MOD(id, 2), id), 9)`),
    ).to.have.lengthOf(1);
    expect(
      await rows(`SELECT city FROM linked.by_city((
        SELECT email, WITH(a AS CONCAT('x', MOD(id, 1)), a) AS city
        FROM shop.customers), 9)`),
    ).to.deep.equal([["x0"]]);
    expect(
      (
        await failure(
          "SELECT * FROM linked.by_city((SELECT email, ARRAY_FILTER([city], x -> x > city)[0] AS city FROM shop.customers), 9)",
        )
      ).message,
    ).to.equal("DuckDB cannot answer a lambda as BigQuery would.");
    expect(
      (
        await failure(
          "SELECT (SELECT MAX(people) FROM linked.by_city(TABLE shop.customers, u.id)) FROM shop.customers AS u",
        )
      ).rule,
    ).to.equal("query template");
    expect(
      (await failure("SELECT * FROM linked.by_city(TABLE shop.customers, (SELECT MAX(id) FROM shop.customers))")).rule,
    ).to.equal("not supported");
  });

  it("show their queries only to their owner, in no error and no explanation", async () => {
    const sql = "SELECT * FROM linked.unguarded(TABLE shop.customers)";
    const refused = await failure(sql);
    expect(refused).to.include({
      rule: "query template",
      advice: guards,
      message: "linked.unguarded cannot be called so: its owner's rules refuse it.",
    });
    for (const call of ["others()", "unguarded(TABLE shop.customers)", "all_people((SELECT 1 AS email, 2 AS city))"])
      expect(JSON.stringify(await failure(`SELECT * FROM linked.${call}`)), call).not.to.match(secrets);
    const { explanation } = await opened.ask("merchant", "SELECT * FROM linked.by_city(TABLE shop.customers, 9)");
    expect(explanation).to.deep.equal({
      templates: [{ template: "linked.by_city", owner: "wallet", ownerTitle: "the e-wallet", guards }],
      views: [],
      thresholds: [],
      budgets: [],
      checks: [],
    });
    // The owner is told all, with the number of groups that are suppressed.
    const own = await opened.ask(
      "wallet",
      "SELECT * FROM bank.by_city((SELECT email, 'x' AS city FROM bank.people), 9)",
    );
    expect(own.explanation.views.map(({ view }) => view)).to.deep.equal(["bank.people_guarded"]);
    expect(own.explanation.suppressedGroups).to.equal(0);
    expect(
      (await failure("SELECT * FROM bank.unguarded((SELECT email, 'x' AS city FROM bank.people))", "wallet")).rule,
    ).to.equal("aggregation threshold");
  });

  it("turn errors on the owner's rows into NULL, in the template and in the conditions of the caller", async () => {
    const sql =
      "SELECT city, people FROM linked.failing(TABLE shop.customers) WHERE city <> 'Kyiv' OR people IS NULL ORDER BY city";
    expect(await rows(sql)).to.deep.equal([
      ["Kyiv", null],
      ["Lviv", 4],
      ["Odesa", 2],
    ]);
    expect(
      await rows("SELECT city FROM linked.failing(TABLE shop.customers) WHERE 1 / (people - 4) > 0 ORDER BY 1"),
    ).to.deep.equal([]);
  });

  it("may use functions that Google's own implementation computes, and so may a query that calls them", async () => {
    const sql = `SELECT INITCAP(CONCAT(city, ' x')), people FROM linked.evaluated(
      (SELECT LOWER(INITCAP(city)) AS city, email FROM shop.customers), 10) ORDER BY people DESC LIMIT 1`;
    expect(await rows(sql)).to.deep.equal([["Kyiv X", 15]]);
  });

  it("must be described in full", async () => {
    const database = join(folder, "clean-room.duckdb");
    const wrong = (parts: object) =>
      openRoom({ database, room: { ...room, ...parts } as Room }).catch((error) => error);
    expect(await wrong({ templates: {} }))
      .to.be.instanceOf(RoomError)
      .with.property("message", "linked.by_city of merchant runs the template by_city, which is not described");
    expect(
      (await wrong({ templates: { ...templates, by_city: { ...templates.by_city, owner: "bank" } } })).message,
    ).to.match(/its owner is bank, who is not a party/);
    const typed = {
      ...templates,
      by_city: { ...templates.by_city, parameters: [{ name: "x", type: "TABLE<a GEOGRAPHY>" }] },
    };
    expect((await wrong({ templates: typed })).message).to.match(
      /^The parameter x has the type TABLE<a GEOGRAPHY>: use ANY TABLE/,
    );
  });
});
