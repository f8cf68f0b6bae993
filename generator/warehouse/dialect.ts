/** The few expressions that BigQuery and DuckDB spell differently. SQL built from these gives the same result on both. */
export interface Dialect {
  readonly name: "bigquery" | "duckdb";
  /** MD5 of a string, 32 hexadecimal digits. */
  md5(expression: string): string;
  /** SHA-256 of a string, 64 hexadecimal digits. */
  sha256(expression: string): string;
  /** A number in [0, 1) from the first eight digits of a hexadecimal string. */
  fraction(hex: string): string;
  /** A BigQuery type as a CAST names it. */
  type(bigqueryType: "INT64" | "FLOAT64" | "STRING" | "DATE"): string;
  /** The day `days` (an integer expression) before `date`. */
  daysBefore(date: string, days: string): string;
}

const bigquery: Dialect = {
  name: "bigquery",
  md5: (expression) => `TO_HEX(MD5(${expression}))`,
  sha256: (expression) => `TO_HEX(SHA256(${expression}))`,
  fraction: (hex) => `(CAST(CONCAT('0x', SUBSTR(${hex}, 1, 8)) AS INT64) / 4294967296.0)`,
  type: (type) => type,
  daysBefore: (date, days) => `DATE_SUB(${date}, INTERVAL ${days} DAY)`,
};

const duckdb: Dialect = {
  name: "duckdb",
  md5: (expression) => `md5(${expression})`,
  sha256: (expression) => `sha256(${expression})`,
  fraction: (hex) => `(CAST(CONCAT('0x', SUBSTR(${hex}, 1, 8)) AS BIGINT) / 4294967296.0)`,
  type: (type) => ({ INT64: "BIGINT", FLOAT64: "DOUBLE", STRING: "VARCHAR", DATE: "DATE" })[type],
  daysBefore: (date, days) => `(${date} - CAST(${days} AS INTEGER))`,
};

export const dialects = { bigquery, duckdb } as const;

/**
 * SQL for a number in [0, 1) that depends only on the seed, a label and a key; both engines compute the same number. Each use has
 * its own label, so that two draws for one key are independent.
 */
export function uniform(dialect: Dialect, seed: number, label: string, key: string): string {
  const cast = `CAST(${key} AS ${dialect.type("STRING")})`;
  return dialect.fraction(dialect.md5(`CONCAT('${seed}:${label}:', ${cast})`));
}

/** The statement that creates a temporary table, for the rest of the script. */
export function temporaryTable(name: string, query: string): string {
  return `CREATE OR REPLACE TEMP TABLE ${name} AS\n${query}`;
}
