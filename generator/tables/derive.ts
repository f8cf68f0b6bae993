import { type ColumnType, columnNames, fullName, type Table } from "./table.ts";

/** One field of a BigQuery schema. The order of keys is the API's own, so that a declared schema reads like a returned one. */
export interface SchemaField {
  name: string;
  type: ColumnType;
  mode: "REQUIRED" | "NULLABLE";
  description: string;
}

/** The table's BigQuery schema, as `bigquery.Table.schema` and a load job take it (there as JSON text). */
export function bigquerySchema(table: Table): SchemaField[] {
  return Object.entries(table.columns).map(([name, { type, mode, description }]) => ({
    name,
    type,
    mode,
    description,
  }));
}

/**
 * The DuckDB type that holds every value of a BigQuery type.
 * TIMESTAMP is DuckDB's type without a zone, in UTC: its zoned type prints in the session's zone and needs the ICU extension.
 */
export const duckdbTypes: Record<ColumnType, string> = {
  INTEGER: "BIGINT",
  FLOAT64: "DOUBLE",
  NUMERIC: "DECIMAL(38, 9)",
  STRING: "VARCHAR",
  BOOLEAN: "BOOLEAN",
  DATE: "DATE",
  TIMESTAMP: "TIMESTAMP",
};

/**
 * The columns of a DuckDB `CREATE TABLE`, from a BigQuery schema. Keys are left out as they are on BigQuery, where they are not
 * enforced; dbt's tests and ours check them.
 */
export function duckdbColumns(schema: readonly SchemaField[]): string {
  return schema
    .map(({ name, type, mode }) => `${name} ${duckdbTypes[type]}${mode === "REQUIRED" ? " NOT NULL" : ""}`)
    .join(", ");
}

/** The DuckDB statement that makes the table, replacing one of another shape. */
export function duckdbDdl(table: Table): string {
  return `CREATE OR REPLACE TABLE ${fullName(table)} (${duckdbColumns(bigquerySchema(table))})`;
}

/** The first line of the table's CSV files, without the line's end. */
export function csvHeader(table: Table): string {
  return columnNames(table).join(",");
}
