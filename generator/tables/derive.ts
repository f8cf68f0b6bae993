import { type ColumnType, columnNames, fullName, type Row, type Table } from "./table.ts";

/** One field of a BigQuery schema, with its keys in the API's order, so that a declared schema reads like a returned one. */
export interface SchemaField {
  name: string;
  type: ColumnType;
  mode: "REQUIRED" | "NULLABLE";
  description: string;
}

/** The table's BigQuery schema, for a load job and, as JSON text, for `bigquery.Table.schema`. */
export function bigquerySchema(table: Table): SchemaField[] {
  return Object.entries(table.columns).map(([name, { type, mode, description }]) => ({
    name,
    type,
    mode,
    description,
  }));
}

/**
 * The DuckDB type that holds every value of a BigQuery type. TIMESTAMP is DuckDB's type without a zone, in UTC: the type with a
 * zone prints in the session's zone and needs the ICU extension.
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
 * The columns of a DuckDB `CREATE TABLE`, from a BigQuery schema. Keys are left out, because BigQuery does not enforce them either;
 * the tests of dbt and of this project check them.
 */
function duckdbColumns(schema: readonly SchemaField[]): string {
  return schema
    .map(({ name, type, mode }) => `${name} ${duckdbTypes[type]}${mode === "REQUIRED" ? " NOT NULL" : ""}`)
    .join(", ");
}

/** The DuckDB statement that creates the table, or replaces one of another shape. */
export function duckdbDdl(table: Table): string {
  return `CREATE OR REPLACE TABLE ${fullName(table)} (${duckdbColumns(bigquerySchema(table))})`;
}

/** The header of the table's CSV files, without the line end. */
export function csvHeader(table: Table): string {
  return columnNames(table).join(",");
}

/**
 * One row of a table as a CSV line, with the line end. For tables of thousands of rows: `rowWriter` writes the millions of orders
 * and lines.
 */
export function csvLine<T extends Table>(table: T, row: Row<T>): string {
  const values = row as Record<string, unknown>;
  let line = "";
  let comma = "";
  for (const name in table.columns) {
    line += comma + csvField(values[name]);
    comma = ",";
  }
  return `${line}\n`;
}

/** A value as a CSV field. Null is an empty field and an empty text is a quoted one, so that a reader can tell them apart. */
export function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A text as a CSV field for a spreadsheet, which runs a text that begins like a formula: an apostrophe in front keeps it a text.
 * Only for files that a person opens: a database would load the apostrophe.
 */
export function spreadsheetField(text: string): string {
  return csvField(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
}
