/**
 * The characters that nobody sees around a text: blank, tab, line ends, no-break space, zero-width space, word joiner and byte order
 * mark. An expression for the second argument of TRIM.
 */
export const unseen = `CONCAT(${[32, 9, 10, 13, 160, 8203, 8288, 65279].map((code) => `CHR(${code})`).join(", ")})`;

/** The few expressions that BigQuery and DuckDB spell differently. SQL built from these gives the same result on both. */
export interface Dialect {
  readonly name: "bigquery" | "duckdb";
  /** MD5 of a string, 32 hexadecimal digits. */
  md5(expression: string): string;
  /** SHA-256 of a string, 64 hexadecimal digits. */
  sha256(expression: string): string;
  /** A number in [0, 1) from eight hexadecimal digits. */
  fraction(hex: string): string;
  /** The text at `index` (an integer expression, from 0) of a list of texts without quotes. */
  elementOf(texts: readonly string[], index: string): string;
  /** A BigQuery type as a CAST names it. */
  type(bigqueryType: "INT64" | "FLOAT64" | "STRING" | "DATE"): string;
  /** The day `days` (an integer expression) before `date`. */
  daysBefore(date: string, days: string): string;
  /** The instant `minutes` (an integer expression) after `timestamp`. */
  minutesAfter(timestamp: string, minutes: string): string;
  /** Whole minutes from the midnight, UTC, that begins `date` to `timestamp`. */
  minutesBetween(date: string, timestamp: string): string;
}

const bigquery: Dialect = {
  name: "bigquery",
  md5: (expression) => `TO_HEX(MD5(${expression}))`,
  sha256: (expression) => `TO_HEX(SHA256(${expression}))`,
  fraction: (hex) => `(CAST(CONCAT('0x', ${hex}) AS INT64) / 4294967296.0)`,
  elementOf: (texts, index) => `[${texts.map((text) => `'${text}'`)}][OFFSET(${index})]`,
  type: (type) => type,
  daysBefore: (date, days) => `DATE_SUB(${date}, INTERVAL ${days} DAY)`,
  minutesAfter: (timestamp, minutes) => `TIMESTAMP_ADD(${timestamp}, INTERVAL ${minutes} MINUTE)`,
  minutesBetween: (date, timestamp) => `DIV(TIMESTAMP_DIFF(${timestamp}, TIMESTAMP(${date}), SECOND), 60)`,
};

const duckdb: Dialect = {
  name: "duckdb",
  md5: (expression) => `md5(${expression})`,
  sha256: (expression) => `sha256(${expression})`,
  fraction: (hex) => `(CAST(CONCAT('0x', ${hex}) AS BIGINT) / 4294967296.0)`,
  elementOf: (texts, index) => `([${texts.map((text) => `'${text}'`)}])[${index} + 1]`,
  type: (type) => ({ INT64: "BIGINT", FLOAT64: "DOUBLE", STRING: "VARCHAR", DATE: "DATE" })[type],
  daysBefore: (date, days) => `(${date} - CAST(${days} AS INTEGER))`,
  minutesAfter: (timestamp, minutes) => `(${timestamp} + to_minutes(${minutes}))`,
  minutesBetween: (date, timestamp) => `(date_diff('second', CAST(${date} AS TIMESTAMP), ${timestamp}) // 60)`,
};

export const dialects = { bigquery, duckdb } as const;

/**
 * SQL for 32 hexadecimal digits that depend only on the seed, a label and a key; both engines compute the same. Each use has its own
 * label, so that the digits of two uses of one key are independent. `numberOf` reads numbers from them.
 */
export function digitsOf(dialect: Dialect, seed: number, label: string, key: string): string {
  return dialect.md5(`CONCAT('${seed}:${label}:', CAST(${key} AS ${dialect.type("STRING")}))`);
}

/** SQL for one of the four independent numbers in [0, 1) that 32 digits make. */
export function numberOf(dialect: Dialect, digits: string, which: 0 | 1 | 2 | 3): string {
  return dialect.fraction(`SUBSTR(${digits}, ${1 + 8 * which}, 8)`);
}

/** The statement that creates a temporary table, for the rest of the script. */
export function temporaryTable(name: string, query: string): string {
  return `CREATE OR REPLACE TEMP TABLE ${name} AS\n${query}`;
}

/**
 * The statement that names some columns and rows of a temporary table, for the rest of the script: a view in DuckDB, which copies nothing,
 * and a table in BigQuery, which has no temporary views.
 */
export function temporarySelection(dialect: Dialect, name: string, query: string): string {
  return dialect.name === "duckdb" ? `CREATE OR REPLACE TEMP VIEW ${name} AS\n${query}` : temporaryTable(name, query);
}
