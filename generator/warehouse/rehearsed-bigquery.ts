import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { tellTouched } from "pulumi-rehearsal/touched";
import { bucketFolder } from "../lake/rehearsed-bucket.ts";
import { openBigQuery } from "./bigquery.ts";
import { openDuckDb } from "./duckdb.ts";
import type { OpenOptions, Warehouse } from "./warehouse.ts";

/**
 * Opens the DuckDB file that stands in for BigQuery in a rehearsal, named by the variable REHEARSAL_DATABASE. Throws UserError for a URL that the BigQuery adapter would refuse.
 * As in BigQuery, a table that was not declared does not exist.
 */
export async function openRehearsedWarehouse(
  rehearsal: string,
  url: string,
  options?: OpenOptions,
): Promise<Warehouse> {
  await openBigQuery(url);
  const file = pathToFileURL(join(rehearsal, process.env.REHEARSAL_DATABASE ?? "warehouse.duckdb")).href;
  // A project without tables answers, too.
  const create = options?.readOnly !== true;
  const warehouse = await openDuckDb(file.replace(/^file:/, "duckdb:"), { ...options, create });
  const buckets = bucketFolder(rehearsal) + sep;

  return {
    ...warehouse,
    run(script) {
      for (const { dataset, access } of datasetsOf(script)) tellTouched(`dataset/${dataset}`, access);
      return warehouse.run(script);
    },
    stage(table, csv) {
      const inBuckets = csv.uris.filter((path) => path.startsWith(buckets));
      for (const path of inBuckets) {
        const [bucket, folder, ...below] = path.slice(buckets.length).split(sep);
        tellTouched(`bucket/${bucket}${below.length > 0 ? `/${folder}` : ""}`, "read");
      }
      // Other files stand in for tables that BigQuery reads in place, such as the public thelook.
      if (inBuckets.length > 0) tellTouched(`dataset/${table.dataset}`, "write");
      return warehouse.stage(table, csv);
    },
  };
}

/** The datasets that a script reads and writes, found by the tables that it names. Temporary tables have no dataset. */
export function datasetsOf(script: string): { dataset: string; access: "read" | "write" }[] {
  // EXTRACT(YEAR FROM o.day) names a column.
  const code = script.replace(/'(?:[^']|'')*'|--.*/g, "''").replace(/\bEXTRACT\s*\(\s*\w+\s+FROM\b/gi, "");
  const written = code.matchAll(
    /\b(?:INSERT\s+INTO|DELETE\s+FROM|UPDATE|MERGE\s+INTO|CREATE\s[\w\s]*?TABLE)\s+(\w+)\.\w/gi,
  );
  const read = code.matchAll(/\b(?<!DELETE\s+)(?:FROM|JOIN)\s+(\w+)\.\w/gi);
  const found = (matches: Iterable<RegExpMatchArray>, access: "read" | "write") =>
    [...new Set([...matches].map(([, dataset = ""]) => dataset))].map((dataset) => ({ dataset, access }));
  return [...found(read, "read"), ...found(written, "write")];
}
