import { expect } from "chai";
import fc from "fast-check";
import type { Value } from "googlesql-duckdb/tree";
import { problemOf } from "../src/problem.ts";
import { fuzz, fuzzTimeout } from "./fuzz.ts";
import { addressOf, amountOf, noteOf, type Person, people, type SmallRoom, smallRoom, views } from "./small-room.ts";

const itInCI = process.env.CI ? it : it.skip;

/*
 * Queries made of random pieces, most of them forbidden. No answer may hold a value that belongs to a single row.
 */

const column = fc.constantFrom("p.hashed_email", "p.note", "p.city", "p.amount", "p.points", "p.score", "p.tier");
const wrapped = (letrec: fc.LetrecTypedTie<{ expression: string }>) => letrec("expression");

/** Nested expressions over a row. */
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    column,
    fc
      .tuple(
        fc.constantFrom("MIN", "MAX", "ANY_VALUE", "SUM", "AVG", "COUNT", "APPROX_COUNT_DISTINCT", "STDDEV"),
        wrapped(tie),
      )
      .map(call),
    fc
      .tuple(
        fc.constantFrom("STRING_AGG", "ARRAY_AGG", "ARRAY_CONCAT_AGG", "LOGICAL_OR", "COUNTIF", "BIT_XOR"),
        wrapped(tie),
      )
      .map(call),
    fc
      .tuple(
        fc.constantFrom("UPPER", "TO_JSON_STRING", "FARM_FINGERPRINT", "SHA256", "FORMAT", "ERROR", "LENGTH"),
        wrapped(tie),
      )
      .map(call),
    wrapped(tie).map((of) => `CAST(${of} AS STRING)`),
    wrapped(tie).map((of) => `SAFE_CAST(${of} AS INT64)`),
    wrapped(tie).map((of) => `(SELECT ${of})`),
    wrapped(tie).map((of) => `FIRST_VALUE(${of}) OVER (ORDER BY p.points)`),
    wrapped(tie).map((of) => `IF(p.note = 'note-3', ${of}, NULL)`),
    wrapped(tie).map((of) => `CASE WHEN p.note = 'note-5' THEN 1 / 0 ELSE 1 END + LENGTH(CAST(${of} AS STRING))`),
    wrapped(tie).map((of) => `[${of}][OFFSET(0)]`),
    wrapped(tie).map((of) => `STRUCT(${of} AS x).x`),
    wrapped(tie).map((of) => `(SELECT MAX(q.note) FROM linked.people_open AS q WHERE q.note = CAST(${of} AS STRING))`),
    wrapped(tie).map((of) => `(SELECT COUNT(*) FROM UNNEST([${of}]))`),
    wrapped(tie).map((of) => `${of} /* comment */`),
    fc.constantFrom("COUNT(*)", "COUNT(DISTINCT p.hashed_email)", "p", "TO_JSON_STRING(p)", "1", "p.*", "*", "u.id"),
  ),
}));

function call([name, argument]: [string, string]): string {
  return `${name}(${argument})`;
}

const view = fc.constantFrom(
  ...views.map((name) => `linked.${name}`),
  "`shop.linked.people_open`",
  "`linked`.`people_joined`",
);
const relation = fc.oneof(
  view.map((name) => `${name} AS p`),
  view.map((name) => `${name} AS p JOIN merchant.users AS u ON u.hashed_email = p.hashed_email`),
  view.map((name) => `${name} AS p JOIN merchant.users AS u USING (hashed_email)`),
  view.map((name) => `merchant.users AS u LEFT JOIN ${name} AS p ON u.hashed_email = p.hashed_email`),
  view.map((name) => `${name} AS p LEFT JOIN merchant.users AS u ON u.hashed_email = p.hashed_email`),
  view.map((name) => `${name} AS p CROSS JOIN merchant.users AS u`),
  view.map((name) => `${name} AS p, merchant.users AS u`),
  view.map((name) => `${name} AS p JOIN merchant.users AS u ON TRUE`),
  view.map((name) => `${name} AS p JOIN merchant.users AS u ON u.hashed_email = p.hashed_email OR TRUE`),
  view.map((name) => `${name} AS p JOIN merchant.users AS u ON u.hashed_email <= p.hashed_email`),
  fc.tuple(view, view).map(([one, other]) => `${one} AS p JOIN ${other} AS u ON u.hashed_email = p.hashed_email`),
  fc.tuple(view, view).map(([one, other]) => `${one} AS p JOIN ${other} AS u ON u.note = p.note`),
  fc.tuple(view, view).map(([one, other]) => `(SELECT * FROM ${one} UNION ALL SELECT * FROM ${other}) AS p`),
  view.map((name) => `(SELECT * FROM ${name}) AS p`),
  view.map((name) => `(SELECT note, city, amount, points, score, tier, note AS hashed_email FROM ${name}) AS p`),
  view.map((name) => `(SELECT DISTINCT * FROM ${name}) AS p`),
  view.map((name) => `(SELECT * FROM ${name} LIMIT 1) AS p`),
  view.map((name) => `${name} AS p TABLESAMPLE SYSTEM (100 PERCENT)`),
  view.map((name) => `${name} FOR SYSTEM_TIME AS OF TIMESTAMP '2026-01-01' AS p`),
  fc.constantFrom("ewallet_provider.people AS p", "ewallet_provider_shared.people_open AS p", "main.people AS p"),
);
const condition = fc.constantFrom(
  "",
  "WHERE p.note = 'note-3'",
  "WHERE p.hashed_email IS NOT NULL",
  "WHERE p.hashed_email IN (SELECT hashed_email FROM merchant.users)",
  "WHERE EXISTS (SELECT 1 FROM linked.people_open AS q WHERE q.note = p.note)",
  "WHERE p.amount > 2",
  "WHERE (SELECT COUNT(*) FROM linked.people_open) > 1",
  "WHERE 1 / (LENGTH(p.note) - 6) > 0",
);
const ending = fc.constantFrom(
  "",
  "GROUP BY 1",
  "GROUP BY ALL",
  "GROUP BY p.hashed_email",
  "GROUP BY p.note",
  "GROUP BY ROLLUP (p.city, p.note)",
  "GROUP BY p.city HAVING COUNT(*) < 3",
  "QUALIFY ROW_NUMBER() OVER (PARTITION BY p.city) = 1",
  "ORDER BY p.note LIMIT 1",
  "GROUP BY 1 ORDER BY 1",
);
const clause = fc.constantFrom(
  "",
  "WITH AGGREGATION_THRESHOLD",
  "WITH AGGREGATION_THRESHOLD",
  "WITH AGGREGATION_THRESHOLD",
  "WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 1)",
  "WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 3, privacy_unit_column = p.note)",
  "WITH AGGREGATION_THRESHOLD OPTIONS (privacy_unit_column = hashed_email)",
  "DISTINCT",
  "AS STRUCT",
);
const frame = fc.constantFrom(
  (sql: string) => sql,
  (sql: string) => sql,
  (sql: string) => `SELECT * FROM (${sql})`,
  (sql: string) => `WITH t AS (${sql}) SELECT * FROM t`,
  (sql: string) => `WITH t AS (${sql}) SELECT a.* FROM t AS a CROSS JOIN t AS b`,
  (sql: string) => `${sql} UNION ALL ${sql}`,
  (sql: string) => `(${sql}) EXCEPT DISTINCT (${sql})`,
  (sql: string) => `SELECT ARRAY(${sql})`,
  (sql: string) => `SELECT (${sql})`,
  (sql: string) => `SELECT * FROM (${sql}) PIVOT (COUNT(*) FOR c0 IN (1, 2))`,
  (sql: string) => `${sql}; SELECT * FROM ewallet_provider.people`,
  (sql: string) => `CREATE TABLE merchant.copy AS ${sql}`,
  (sql: string) => `EXPORT DATA OPTIONS (uri = 'gs://bucket/*.csv', format = 'CSV') AS ${sql}`,
);
/** Mostly allowed pieces, so that a forbidden piece stands in a query that would pass without it. */
const mostly = <T>(usual: readonly T[], hostile: fc.Arbitrary<T>, weight = 5) =>
  fc.oneof({ weight, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: hostile });
const few = (one: fc.Arbitrary<string>) => fc.array(one, { minLength: 1, maxLength: 2 });
const usualList = [
  "COUNT(*)",
  "COUNT(DISTINCT p.hashed_email)",
  "SUM(p.amount)",
  "AVG(p.score)",
  "COUNTIF(p.verified)",
];
const usualRelations = [
  "linked.people_open AS p",
  "linked.people_joined AS p JOIN merchant.users AS u ON u.hashed_email = p.hashed_email",
  "linked.people_overlap AS p JOIN merchant.users AS u ON u.hashed_email = p.hashed_email",
];
const hostile = fc
  .record({
    frame: mostly([(sql: string) => sql], frame),
    clause: mostly(["WITH AGGREGATION_THRESHOLD", "WITH AGGREGATION_THRESHOLD", ""], clause),
    list: fc.oneof(few(column), few(fc.constantFrom(...usualList)), few(fc.oneof(column, expression))),
    relation: mostly(usualRelations, relation, 1),
    condition: mostly(["", "WHERE p.points > 0"], condition),
    ending: mostly(["", "", "", "GROUP BY p.city", "GROUP BY p.tier, p.verified", "GROUP BY p.note"], ending),
  })
  .map(({ frame, clause, list, relation, condition, ending }) => {
    const named = list.map((sql, index) => (/\*$/.test(sql) ? sql : `${sql} AS c${index}`)).join(", ");
    return frame(`SELECT ${clause} ${named} FROM ${relation} ${condition} ${ending}`);
  });

/** The secret of a single row that an answer holds, if any. A list overlap may show the rows of shared persons. */
function leakIn(value: Value, of: readonly Person[], overlap: boolean): string | undefined {
  const text = JSON.stringify(value);
  for (const [index, { rows, shared }] of of.entries()) {
    if (overlap && shared) continue;
    if (!shared && text.includes(addressOf(index))) return addressOf(index);
    if (text.includes(`"${noteOf(index)}"`)) return noteOf(index);
    for (let row = 0; row < rows; row++) if (text.includes(String(amountOf(index) + row))) return `amount of ${index}`;
  }
  return undefined;
}

describe("A hostile query of the clean room", () => {
  let small: SmallRoom;
  let of: Person[];
  before(async () => {
    [of] = fc.sample(people, { seed: 7, numRuns: 1 }) as [Person[]];
    small = await smallRoom(of);
  });
  after(() => small.close());

  itInCI("never gets a row, an address or an amount of a single person", async function () {
    this.timeout(fuzzTimeout);
    const outcomes = { answered: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(hostile, async (sql) => {
        try {
          const { rows } = await small.room.ask("merchant", sql);
          outcomes.answered++;
          const leak = leakIn(rows, of, sql.includes("overlap"));
          expect(leak, `${sql}\nanswered ${JSON.stringify(rows).slice(0, 500)}`).to.equal(undefined);
        } catch (error) {
          const problem = problemOf(error);
          if (problem === undefined) throw new Error(`${sql}: ${error}`, { cause: error });
          outcomes.refused++;
          const leak = leakIn(problem.message, of, false);
          expect(leak, `${sql}\nsaid ${problem.message}`).to.equal(undefined);
        }
      }),
      { ...fuzz(120), endOnFailure: true },
    );
    expect(outcomes.answered, "answered").to.be.above(8);
    expect(outcomes.refused, "refused").to.be.above(40);
  });
});
