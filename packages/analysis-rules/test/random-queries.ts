import fc from "fast-check";

/*
 * Random queries. Every relation has the columns hashed_email, city and points, so that one can replace another anywhere.
 */

const own = "(SELECT hashed_email, city, age AS points FROM own.users)";
const easy = ["linked.members", "linked.guests", "linked.visits"];
const hard = [
  ...["closed", "strict", "noisy", "quiet", "murmur"].map((name) => `linked.${name}`),
  "(SELECT hashed_email, city, decade AS points FROM linked.users)",
  "(SELECT hashed_email, gender AS city, CAST(spend AS INT64) AS points FROM shared.segments)",
];
const lists = ["payments", "refunds", "pairs"].map(
  (name) => `(SELECT hashed_email, status AS city, order_id AS points FROM linked.${name})`,
);

/** The first arbitrary more often than the others. */
const mostly = <T>(first: fc.Arbitrary<T>, ...others: fc.Arbitrary<T>[]) =>
  fc.oneof({ weight: 4, arbitrary: first }, ...others.map((arbitrary) => ({ weight: 1, arbitrary })));

const text = fc.constantFrom("hashed_email", "city");

/** A condition on one relation. */
const condition = mostly(
  fc.constantFrom("points > 3", "city = 'Kyiv'", "city LIKE 'K%' OR points < 9", "TRUE"),
  text.map((name) => `${name} IN ('a', 'b')`),
  text.map((name) => `${name} IN (SELECT city FROM own.users)`),
  text.map((name) => `EXISTS (SELECT 1 FROM own.users o WHERE o.city = ${name})`),
);

const value = mostly(
  fc.constantFrom("hashed_email", "hashed_email", "city"),
  fc.constantFrom(
    "UPPER(hashed_email)",
    "CONCAT(city, 'x')",
    "IF(points > 3, city, 'other')",
    "CAST(points AS STRING)",
  ),
);

/** A join condition for `a` and `b`. */
const on = mostly(
  fc.constantFrom("a.hashed_email = b.hashed_email", "b.hashed_email = a.hashed_email"),
  fc.constantFrom(
    "a.city = b.city",
    "a.points = b.points",
    "TRUE",
    "a.hashed_email = b.city",
    "LOWER(a.city) = b.city",
  ),
  fc.constantFrom(
    "a.hashed_email = b.hashed_email AND a.city = b.city",
    "a.hashed_email = b.hashed_email AND a.points > 3",
    "a.hashed_email = b.hashed_email OR a.points > b.points",
    "a.hashed_email = b.hashed_email AND a.hashed_email = 'x'",
    "a.points = b.points AND a.hashed_email = b.hashed_email",
  ),
);
const kind = mostly(fc.constant("JOIN"), fc.constantFrom("LEFT JOIN", "RIGHT JOIN", "FULL JOIN"));
const sides = mostly(fc.constant("aaa"), fc.constantFrom("bbb", "aba", "baa", "abb"));

const counted = fc.constantFrom("COUNT(*)", "COUNT(DISTINCT hashed_email)", "SUM(points)", "COUNTIF(points > 3)");
const shown = mostly(
  counted,
  fc.constantFrom("MAX(points)", "COUNTIF(hashed_email > 'm')", "ANY_VALUE(points)", "SUM(LENGTH(city))"),
);
const clause = mostly(
  fc.constant("WITH AGGREGATION_THRESHOLD"),
  fc.constantFrom("WITH DIFFERENTIAL_PRIVACY", ""),
  fc
    .constantFrom("threshold=99", "threshold=21", "privacy_unit_column=hashed_email, threshold=60")
    .map((options) => `WITH AGGREGATION_THRESHOLD OPTIONS(${options})`),
);

// biome-ignore format: a form of query a line
const { relation, groups } = fc.letrec<{ relation: string; made: string; groups: string }>((tie) => ({
  relation: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    { weight: 4, arbitrary: mostly(fc.constantFrom(...easy), fc.constantFrom(own, ...hard, ...lists)) },
    { weight: 5, arbitrary: tie("made") },
    { weight: 1, arbitrary: tie("groups") },
  ),
  made: fc.oneof(
    fc.tuple(tie("relation"), condition).map(([of, where]) => `(SELECT * FROM ${of} WHERE ${where})`),
    fc.tuple(value, value, tie("relation")).map(([a, b, of]) => `(SELECT ${a} AS hashed_email, ${b} AS city, points FROM ${of})`),
    fc.tuple(tie("relation"), on).map(([of, where]) => `(SELECT a.* FROM ${of} AS a JOIN ${own} AS b ON ${where})`),
    fc.tuple(tie("relation"), kind, tie("relation"), on, sides).map(
      ([a, how, b, where, [x, y, z]]) => `(SELECT ${x}.hashed_email, ${y}.city, ${z}.points FROM ${a} AS a ${how} ${b} AS b ON ${where})`),
    fc.tuple(tie("relation"), tie("relation"), on).map(([a, b, where]) => `(SELECT a.* FROM ${a} AS a, ${b} AS b WHERE ${where})`),
    fc.tuple(tie("relation"), on).map(([of, where]) => `(WITH w AS (SELECT * FROM ${of}) SELECT a.* FROM w AS a JOIN w AS b ON ${where})`),
    fc.tuple(tie("relation"), tie("relation")).map(([a, b]) => `(SELECT * FROM ${a} WHERE city IN (SELECT city FROM ${b}))`),
    fc.oneof(
      fc.tuple(tie("relation"), tie("relation")).map(([a, b]) => `(SELECT hashed_email, city, points FROM ${a} UNION ALL SELECT hashed_email, city, points FROM ${b})`),
      tie("relation").map((of) => `(SELECT DISTINCT * FROM ${of})`),
      tie("relation").map((of) => `(SELECT * FROM ${of} ORDER BY points LIMIT 9)`),
      tie("relation").map((of) => `(SELECT hashed_email, city, RANK() OVER (ORDER BY points) AS points FROM ${of})`),
      tie("relation").map((of) => `(SELECT r.* REPLACE (v AS points) FROM ${of} AS r, UNNEST([points, 1]) AS v)`),
    ),
  ),
  // A group has no privacy unit; its column hashed_email is a constant.
  groups: fc.tuple(clause, mostly(fc.constant("city"), value), shown, tie("relation"), condition).map(
    ([how, by, what, of, where]) => `(SELECT g AS city, 'none' AS hashed_email, n AS points FROM (SELECT ${how} ${by} AS g, ${what} AS n FROM ${of} WHERE ${where} GROUP BY 1))`),
}));

/** Any query; most of them break a rule. */
export const anyQuery = mostly(groups, relation).map((of) => `SELECT * FROM ${of}`);

const harmless = fc.constantFrom("points > 3", "city = 'Kyiv'", "city IN ('a', 'b') AND points < 9", "city IS NULL");

// biome-ignore format: a form of query a line
const { rows, result } = fc.letrec<{ rows: string; result: string }>((tie) => ({
  // Rows of a view with a threshold, on their way to the clause.
  rows: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("linked.members", "linked.guests", "linked.visits"),
    fc.tuple(tie("rows"), harmless).map(([of, where]) => `(SELECT * FROM ${of} WHERE ${where})`),
    tie("rows").map((of) => `(SELECT city, points * 2 AS points, hashed_email FROM ${of})`),
    tie("rows").map((of) => `(WITH w AS (SELECT * FROM ${of}) SELECT * FROM w)`),
    tie("rows").map((of) => `(SELECT a.* FROM ${of} AS a JOIN ${own} AS b ON a.hashed_email = b.hashed_email)`),
    fc
      .tuple(tie("rows"), tie("rows"))
      .map(([a, b]) => `(SELECT b.hashed_email, a.city, b.points FROM ${a} AS a JOIN ${b} AS b USING (hashed_email))`),
  ),
  // Groups that the clause returned.
  result: fc.oneof(
    { maxDepth: 3 },
    fc
      .tuple(tie("rows"), counted)
      .map(([of, what]) => `(SELECT WITH AGGREGATION_THRESHOLD city, ${what} AS points FROM ${of} GROUP BY city)`),
    fc.tuple(tie("result"), harmless).map(([of, where]) => `(SELECT * FROM ${of} WHERE ${where})`),
    tie("result").map((of) => `(SELECT DISTINCT city, points FROM ${of} ORDER BY points LIMIT 9)`),
    tie("result").map((of) => `(SELECT city, MAX(points) AS points FROM ${of} GROUP BY city)`),
    tie("result").map((of) => `(SELECT city, RANK() OVER (ORDER BY points) AS points FROM ${of})`),
    fc.tuple(tie("result"), tie("result")).map(([a, b]) => `(SELECT * FROM ${a} UNION ALL SELECT * FROM ${b})`),
    fc
      .tuple(tie("result"), tie("result"))
      .map(([a, b]) => `(SELECT a.city, b.points FROM ${a} AS a FULL JOIN ${b} AS b USING (city))`),
    fc
      .tuple(tie("result"), tie("result"))
      .map(([a, b]) => `(SELECT * FROM ${a} WHERE city IN (SELECT city FROM ${b}))`),
    tie("result").map((of) => `(SELECT r.city, u.age AS points FROM ${of} AS r LEFT JOIN own.users AS u USING (city))`),
  ),
}));

/** A query that keeps to every rule. */
export const rightQuery = result.map((of) => `SELECT * FROM ${of}`);

/** Misuses of rows of a view with a threshold, `?`. */
const misuses = [
  "SELECT WITH AGGREGATION_THRESHOLD hashed_email, COUNT(*) FROM ? GROUP BY 1",
  "SELECT WITH AGGREGATION_THRESHOLD city, COUNT(*) FROM ? WHERE hashed_email != 'x' GROUP BY 1",
  "SELECT WITH AGGREGATION_THRESHOLD city, COUNTIF(hashed_email = 'x') FROM ? GROUP BY 1",
  "SELECT WITH AGGREGATION_THRESHOLD SUBSTR(hashed_email, 1, 2) AS h, COUNT(*) FROM ? GROUP BY h",
  "SELECT WITH AGGREGATION_THRESHOLD city, MAX(hashed_email) FROM ? GROUP BY 1",
  "SELECT WITH AGGREGATION_THRESHOLD city, COUNT(*) FROM (SELECT *, LOWER(hashed_email) AS h FROM ?) GROUP BY 1",
  "SELECT WITH AGGREGATION_THRESHOLD city, COUNT(*) FROM (SELECT city, points FROM ?) GROUP BY 1",
  "SELECT WITH AGGREGATION_THRESHOLD x, COUNT(*) FROM (SELECT hashed_email AS x, city AS hashed_email FROM ?) GROUP BY x",
  "SELECT WITH AGGREGATION_THRESHOLD OPTIONS(privacy_unit_column=city) city, COUNT(*) FROM ? GROUP BY 1",
  "SELECT WITH AGGREGATION_THRESHOLD OPTIONS(threshold=19) city, COUNT(*) FROM ? GROUP BY 1",
  "SELECT WITH AGGREGATION_THRESHOLD COUNT(*) FROM ? AS a JOIN own.users AS u ON a.hashed_email = u.hashed_email AND a.hashed_email > u.city",
  "SELECT city, COUNT(DISTINCT hashed_email) FROM ? GROUP BY 1 HAVING COUNT(DISTINCT hashed_email) >= 50",
  "SELECT hashed_email FROM ?",
  "SELECT points FROM ? ORDER BY points LIMIT 1",
];

/** A query that misuses rows of a view with a threshold. */
export const wrongQuery = fc.tuple(fc.constantFrom(...misuses), rows).map(([sql, of]) => sql.replace("?", of));
