import { UserError } from "../errors.ts";
import { rehearsalFolder } from "../rehearsal.ts";
import { fullName, type Table } from "../tables/table.ts";
import type { Dialect } from "./dialect.ts";

/** A row as a query returns it: integers, decimals and floats as numbers, dates and timestamps as ISO strings (UTC). */
export type ResultRow = Record<string, string | number | boolean | null>;

/** How a CSV file is read into a table. */
export interface CsvSource {
  /** Where the warehouse reads from: `gs://…` for BigQuery, absolute paths for DuckDB. One header line each. */
  readonly uris: readonly string[];
  /** Columns of the files that the table has not: an error unless they are ignored. */
  readonly extraColumns?: "ignore";
}

/**
 * Where tables live. Two adapters: BigQuery, and DuckDB as its stand-in on a laptop. Datasets and tables are declared elsewhere
 * (by Pulumi, or by the rehearsal); an adapter changes rows only.
 */
export interface Warehouse {
  readonly url: string;
  readonly dialect: Dialect;
  /** How a script names a declared table: `dataset.table`, with its project where that is another. */
  nameOf(table: Table): string;
  /**
   * Runs a script of one or more statements, separated by `;`, and returns the rows of the last one. A failed statement undoes
   * the transaction that the script has open. Throws UserError with the engine's message.
   */
  run(script: string): Promise<ResultRow[]>;
  /**
   * Loads CSV files into a new staging table of the table's columns, and returns its name for use in `run`, and its row count.
   * Columns are found by the names in each file's header; an empty field is NULL, a quoted empty text is itself. `close` drops the staging table.
   * Throws UserError that names file, line, column and value where the engine tells.
   */
  stage(table: Table, csv: CsvSource): Promise<{ name: string; rows: number }>;
  close(): Promise<void>;
}

/**
 * The script that replaces all rows of some tables by those of others, in one transaction: all of them or none.
 * @param nameOf the warehouse's, where it keeps some datasets in other projects
 */
export function replaceRows(tables: readonly { table: Table; from: string }[], nameOf = fullName): string {
  const statements = tables.flatMap(({ table, from }) => {
    const name = nameOf(table);
    const columns = Object.keys(table.columns).join(", ");
    return [`DELETE FROM ${name} WHERE TRUE`, `INSERT INTO ${name} (${columns}) SELECT ${columns} FROM ${from}`];
  });
  return ["BEGIN TRANSACTION", ...statements, "COMMIT TRANSACTION"].join(";\n");
}

/**
 * Opens a warehouse by its URL: `bigquery://project?location=US` or `duckdb:///absolute/file.duckdb`. In a rehearsal its DuckDB
 * file stands for BigQuery. Throws UserError for any other URL.
 */
export async function openWarehouse(url: string): Promise<Warehouse> {
  // Imported on demand: the cloud's bundle does not carry DuckDB.
  const rehearsal = rehearsalFolder();
  if (url.startsWith("bigquery://") && rehearsal !== undefined)
    return (await import("./rehearsed.ts")).openRehearsedWarehouse(rehearsal, url);
  if (url.startsWith("bigquery://")) return (await import("./bigquery.ts")).openBigQuery(url);
  if (url.startsWith("duckdb:///")) return (await import("./duckdb.ts")).openDuckDb(url);
  throw new UserError(`"${url}" is not a warehouse: use bigquery://PROJECT or duckdb:///ABSOLUTE/PATH.duckdb`);
}
