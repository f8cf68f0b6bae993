import fc from "fast-check";
import type { Filled } from "../reference.ts";

/** Rows of ordinary values, some NULL. */
const ordinary = [
  [
    "1",
    "2",
    1.5,
    -2.25,
    "1.5",
    "-0.000000001",
    "abc",
    "b",
    true,
    "2024-02-29",
    "2020-12-31",
    "2024-02-29T12:34:56.789012Z",
  ],
  ["-7", "3", -0.5, 3, "100", "3", "Ünï çode 😀", "%b_", false, "1969-07-20", "2024-12-30", "1969-07-20T20:17:40Z"],
  ["0", "-1", 0, 1e10, "-2.25", "7.125", "", "", null, "2000-01-01", "1999-12-31", "2000-01-01T00:00:00Z"],
  [null, null, null, null, null, null, null, null, null, null, null, null],
  ["12", "5", 2.5, 0.1, "0.5", "2", "Hello World", "o", true, "2023-01-01", "2023-03-15", "2023-01-01T10:00:00Z"],
  ["1", "4", -2.5, 7, "2", "2", "  a b  ", "a", false, "2021-03-14", "2021-11-07", "2021-03-14T15:09:26.5Z"],
] as const;

/** Rows of the greatest and the least values, and of values on which functions fail. */
export const extreme = [
  [
    "9223372036854775807",
    "-1",
    1.7976931348623157e308,
    5e-324,
    "99999999999999999999999999999.999999999",
    "0.000000001",
    "💥\\",
    "%",
    true,
    "9999-12-31",
    "0001-01-01",
    "9999-12-31T23:59:59.999999Z",
  ],
  [
    "-9223372036854775808",
    "0",
    -1.7976931348623157e308,
    0,
    "-99999999999999999999999999999.999999999",
    "0",
    "-0x7f",
    "\\",
    false,
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00Z",
  ],
  [
    "0",
    "9223372036854775807",
    1e-308,
    -1,
    "0",
    "-1",
    "inf",
    "(",
    null,
    "1970-01-01",
    "1582-10-10",
    "1970-01-01T00:00:00Z",
  ],
] as const;

const columns = [
  ...(["i", "j"] as const).map((name) => ({ name, kind: "INT64" as const })),
  ...(["f", "g"] as const).map((name) => ({ name, kind: "FLOAT64" as const })),
  ...(["n", "m"] as const).map((name) => ({ name, kind: "NUMERIC" as const })),
  ...(["s", "r"] as const).map((name) => ({ name, kind: "STRING" as const })),
  { name: "b", kind: "BOOL" as const },
  ...(["d", "e"] as const).map((name) => ({ name, kind: "DATE" as const })),
  { name: "ts", kind: "TIMESTAMP" as const },
];

export const tables: readonly Filled[] = [
  { id: "t", paths: [["t"]], columns, rows: ordinary },
  { id: "x", paths: [["x"]], columns, rows: [...extreme, ...ordinary] },
  {
    id: "u",
    paths: [["u"]],
    columns: [
      { name: "k", kind: "INT64" },
      { name: "v", kind: "STRING" },
    ],
    rows: [
      ["1", "x"],
      ["2", "y"],
      ["3", null],
      [null, "z"],
      ["1", "w"],
    ],
  },
];

/** Expressions of each type over the tables' columns. */
export type Expressions = {
  int: string;
  float: string;
  numeric: string;
  text: string;
  bool: string;
  date: string;
  timestamp: string;
};

type Sql = fc.Arbitrary<string>;

const template = (form: string, ...parts: Sql[]): Sql =>
  fc
    .tuple(...parts)
    .map((values) => values.reduce<string>((text, value, at) => text.replaceAll(`{${at}}`, () => value), form));

const dateParts = fc.constantFrom("DAY", "WEEK", "WEEK(MONDAY)", "ISOWEEK", "MONTH", "QUARTER", "YEAR", "ISOYEAR");
const addParts = fc.constantFrom("DAY", "WEEK", "MONTH", "QUARTER", "YEAR");
const timeParts = fc.constantFrom("MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY");
const extracts = fc.constantFrom(
  "YEAR",
  "MONTH",
  "DAY",
  "DAYOFWEEK",
  "DAYOFYEAR",
  "QUARTER",
  "WEEK",
  "ISOWEEK",
  "ISOYEAR",
);
const small = fc.constantFrom("0", "1", "2", "3", "-1", "-3", "10");

export const expressions = fc.letrec<Expressions>((tie) => {
  const [int, float, numeric] = [tie("int"), tie("float"), tie("numeric")];
  const [text, bool, date, timestamp] = [tie("text"), tie("bool"), tie("date"), tie("timestamp")];
  const depth = { depthSize: "small" as const, maxDepth: 2, withCrossShrink: true };
  const chosen = (of: Sql) => [
    template("IF({0}, {1}, {2})", bool, of, of),
    template("CASE WHEN {0} THEN {1} WHEN {2} THEN {3} END", bool, of, bool, of),
    template("COALESCE({0}, {1})", of, of),
    template("NULLIF({0}, {1})", of, of),
    template("GREATEST({0}, {1})", of, of),
    template("LEAST({0}, {1})", of, of),
  ];
  return {
    int: fc.oneof(
      depth,
      fc.constantFrom("i", "j", "0", "1", "-1", "7", "1000"),
      template("({0} + {1})", int, int),
      template("({0} - {1})", int, int),
      template("({0} * {1})", int, int),
      template("SAFE_MULTIPLY({0}, {1})", int, int),
      template("DIV({0}, {1})", int, int),
      template("MOD({0}, {1})", int, int),
      template("SAFE.DIV({0}, {1})", int, fc.constantFrom("i", "0")),
      template("ABS({0})", int),
      template("SIGN({0})", int),
      template("LENGTH({0})", text),
      template("ARRAY_LENGTH(GENERATE_DATE_ARRAY({0}, {1}, INTERVAL 30 DAY))", date, date),
      template("DATETIME_DIFF(DATETIME({0}), DATETIME({1}), {2})", timestamp, timestamp, timeParts),
      template("STRPOS({0}, {1})", text, text),
      template("CAST({0} AS INT64)", float),
      template("SAFE_CAST({0} AS INT64)", text),
      template("EXTRACT({0} FROM {1})", extracts, date),
      template("EXTRACT({0} FROM {1})", fc.constantFrom("HOUR", "SECOND", "MILLISECOND", "YEAR"), timestamp),
      template("DATE_DIFF({0}, {1}, {2})", date, date, dateParts),
      template("TIMESTAMP_DIFF({0}, {1}, {2})", timestamp, timestamp, timeParts),
      template("UNIX_SECONDS({0})", timestamp),
      template("(SELECT COUNT(*) FROM u WHERE k > {0})", int),
      ...chosen(int),
    ),
    float: fc.oneof(
      depth,
      fc.constantFrom("f", "g", "0.5", "-1.25", "1e300", "3.0"),
      template("({0} + {1})", float, float),
      template("({0} - {1})", float, float),
      template("({0} * {1})", float, float),
      template("({0} / {1})", float, float),
      template("({0} / {1})", int, int),
      template("SAFE_DIVIDE({0}, {1})", float, float),
      template("ROUND({0}, {1})", float, small),
      template("TRUNC({0}, {1})", float, small),
      template("CEIL({0})", float),
      template("FLOOR({0})", float),
      template("SQRT({0})", float),
      template("POW({0}, 2)", float),
      template("LN({0})", float),
      template("CAST({0} AS FLOAT64)", int),
      template("CAST({0} AS FLOAT64)", numeric),
      template("SAFE_CAST({0} AS FLOAT64)", text),
      ...chosen(float),
    ),
    numeric: fc.oneof(
      depth,
      fc.constantFrom("n", "m", "NUMERIC '0.5'", "NUMERIC '-12.000000001'"),
      template("({0} + {1})", numeric, numeric),
      template("({0} - {1})", numeric, numeric),
      template("({0} * {1})", fc.constantFrom("n", "m"), fc.constantFrom("m", "NUMERIC '1.5'")),
      template("-{0}", fc.constantFrom("n", "m")),
      template("({0} / {1})", numeric, numeric),
      template("ROUND({0}, {1})", numeric, small),
      template("FLOOR({0})", numeric),
      template("CAST({0} AS NUMERIC)", float),
      template("SAFE_CAST({0} AS NUMERIC)", text),
      template("CAST({0} AS NUMERIC)", int),
      ...chosen(numeric),
    ),
    text: fc.oneof(
      depth,
      fc.constantFrom("s", "r", "''", "'a'", "'O\\'Neill'", "' B '", "'12'"),
      template("CONCAT({0}, {1})", text, text),
      template("UPPER({0})", text),
      template("LOWER({0})", text),
      template("SUBSTR({0}, {1})", text, small),
      template("SUBSTR({0}, {1}, {2})", text, small, small),
      template("LEFT({0}, {1})", text, small),
      template("RIGHT({0}, {1})", text, small),
      template("TRIM({0})", text),
      template("RTRIM({0}, {1})", text, text),
      template("REPLACE({0}, {1}, {2})", text, text, text),
      template("LPAD({0}, {1}, {2})", text, small, text),
      template("REPEAT({0}, {1})", text, fc.constantFrom("0", "2")),
      template("CAST({0} AS STRING)", fc.oneof(int, float, numeric, bool, date, timestamp)),
      template("FORMAT_DATE('%Y-%m %j', {0})", date),
      template(
        "FORMAT('%5d|%.2f|%s|%t', {0}, {1}, {2}, {3})",
        int,
        float,
        text,
        fc.oneof(date, bool, timestamp, numeric),
      ),
      template("REVERSE({0})", text),
      template("FORMAT_TIMESTAMP('%F %T', {0}, 'Asia/Tokyo')", timestamp),
      template("REGEXP_REPLACE({0}, '[a-c]+', '<\\\\0>')", text),
      template("REGEXP_EXTRACT({0}, '[a-z](.)')", text),
      template("TO_HEX(MD5({0}))", text),
      template("SPLIT({0}, 'b')[SAFE_OFFSET({1})]", text, small),
      ...chosen(text),
    ),
    bool: fc.oneof(
      depth,
      fc.constantFrom("b", "TRUE", "FALSE", "i > 0", "f < g"),
      template("({0} = {1})", text, text),
      template("({0} < {1})", text, text),
      template("({0} >= {1})", int, int),
      template("({0} <> {1})", float, float),
      template("({0} <= {1})", numeric, numeric),
      template("({0} BETWEEN {1} AND {2})", date, date, date),
      template("({0} IS DISTINCT FROM {1})", timestamp, timestamp),
      template("({0} IN ({1}, {2}))", int, int, int),
      template("({0} IN (SELECT k FROM u))", int),
      template("({0} IN UNNEST([{1}, NULL, 3]))", int, int),
      template("({0} LIKE {1})", text, fc.constantFrom("'%a%'", "'_b%'", "'%\\\\%%'", "r")),
      template("STARTS_WITH({0}, {1})", text, text),
      template("REGEXP_CONTAINS({0}, '^[A-Za-z ]+$')", text),
      template("({0} IS NULL)", fc.oneof(int, text, date)),
      template("(NOT {0})", bool),
      template("({0} AND {1})", bool, bool),
      template("({0} OR {1})", bool, bool),
      template("(STRUCT({0}, {1}) = ({2}, {3}))", int, text, int, text),
      template("EXISTS(SELECT 1 FROM u WHERE v = {0})", text),
    ),
    date: fc.oneof(
      depth,
      fc.constantFrom("d", "e", "DATE '2024-12-31'"),
      template("DATE_ADD({0}, INTERVAL {1} {2})", date, small, addParts),
      template("DATE_SUB({0}, INTERVAL {1} {2})", date, int, addParts),
      template("DATE_TRUNC({0}, {1})", date, dateParts),
      template("DATE({0})", timestamp),
      template("DATE({0}, 'Europe/Kyiv')", timestamp),
      template("DATE(DATETIME_ADD(DATETIME({0}), INTERVAL {1} {2}))", timestamp, int, addParts),
      template("LAST_DAY({0})", date),
      template("SAFE_CAST({0} AS DATE)", text),
      ...chosen(date),
    ),
    timestamp: fc.oneof(
      depth,
      fc.constantFrom("ts", "TIMESTAMP '2024-02-29 23:59:59.5'"),
      template("TIMESTAMP_ADD({0}, INTERVAL {1} {2})", timestamp, small, timeParts),
      template("TIMESTAMP_SUB({0}, INTERVAL {1} {2})", timestamp, int, timeParts),
      template("TIMESTAMP_TRUNC({0}, {1})", timestamp, fc.oneof(timeParts, dateParts)),
      template("CAST({0} AS TIMESTAMP)", date),
      template("SAFE_CAST({0} AS TIMESTAMP)", text),
      template("CAST(DATETIME({0}, 'America/New_York') AS TIMESTAMP)", timestamp),
      ...chosen(timestamp),
    ),
  };
});

export const anyExpression = fc.oneof(...Object.values(expressions));
