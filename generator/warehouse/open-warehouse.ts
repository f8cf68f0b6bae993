import { rehearsalFolder } from "pulumi-rehearsal/touched";
import { UserError } from "../errors.ts";
import type { OpenOptions, Warehouse } from "./warehouse.ts";

/**
 * Opens a warehouse by its URL: `bigquery://project?location=US` or `duckdb:///absolute/file.duckdb`. In a rehearsal, a DuckDB file
 * stands for BigQuery. Throws UserError for any other URL.
 */
export async function openWarehouse(url: string, options?: OpenOptions): Promise<Warehouse> {
  // Imported at run time: the cloud's bundle does not contain DuckDB.
  const rehearsal = rehearsalFolder();
  if (url.startsWith("bigquery://") && rehearsal !== undefined)
    return (await import("./rehearsed-bigquery.ts")).openRehearsedWarehouse(rehearsal, url, options);
  if (url.startsWith("bigquery://")) return (await import("./bigquery.ts")).openBigQuery(url);
  if (url.startsWith("duckdb:///")) return (await import("./duckdb.ts")).openDuckDb(url, options);
  throw new UserError(`"${url}" is not a warehouse: use bigquery://PROJECT or duckdb:///ABSOLUTE/PATH.duckdb`);
}
