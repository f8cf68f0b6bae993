import { constants, existsSync } from "node:fs";
import { copyFile, mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { datasets } from "../components/names.ts";
import { openDuckDb } from "../generator/warehouse/duckdb.ts";
import { duckdbThreads } from "../generator/warehouse/threads.ts";
import { rowIfThere } from "../generator/warehouse/warehouse.ts";

const LAST_BUILD = `${datasets.marts}.last_build`;

/**
 * Builds marts in a copy of a DuckDB file, which takes the place of the file if dbt publishes the build. Otherwise the file gets only dbt's record
 * of the build (`coffee_marts.last_build`), and keeps the marts of the last good build. On BigQuery, transform/macros/publish.sql does the same
 * with a dataset of its own. No other process may have the file open.
 * @param build runs dbt, with these variables for the profile
 */
export async function buildInCopy<T>(file: string, build: (env: Record<string, string>) => Promise<T>): Promise<T> {
  // dbt names the database after its file, so both have one name.
  const copy = join(dirname(file), "building", basename(file));
  await rm(dirname(copy), { recursive: true, force: true });
  await mkdir(dirname(copy), { recursive: true });
  try {
    // A process that was killed leaves changes beside the file. DuckDB writes them into it when it opens the file.
    if (existsSync(`${file}.wal`)) await (await openDuckDb(urlOf(file))).close();
    if (existsSync(file)) await copyFile(file, copy, constants.COPYFILE_FICLONE);
    const result = await build({ DBT_DUCKDB_PATH: copy, DBT_DUCKDB_MEMORY: await memoryFor(copy) });
    const status = await statusOf(copy);
    if (status === "published") await rename(copy, file);
    else if (status !== undefined) await copyRecord(copy, file);
    return result;
  } finally {
    await rm(dirname(copy), { recursive: true, force: true });
  }
}

/**
 * DuckDB's memory for a build: 5.5 times the loaded tables, and at least 600 MB a thread. With one thread and two models at a time, the coffee shops of
 * scale 10 (91 MB of loaded tables) build with 570 MB, and not with 500.
 * The marts of an earlier build make the file five times as large. Without a limit, DuckDB takes most of the machine's memory for pages that
 * it may read again.
 */
async function memoryFor(file: string): Promise<string> {
  const { size } = existsSync(file) ? await stat(file) : { size: 0 };
  const loaded = size > 0 && (await statusOf(file)) !== undefined ? size / 5 : size;
  return `${Math.max(600 * duckdbThreads, Math.ceil((5.5 * loaded) / 1e6))}MB`;
}

/** The state that dbt recorded of its last build; undefined if it recorded none. */
async function statusOf(file: string): Promise<unknown> {
  const warehouse = await openDuckDb(urlOf(file));
  const row = await rowIfThere(warehouse, `SELECT status FROM ${LAST_BUILD}`).finally(() => warehouse.close());
  return row?.status;
}

async function copyRecord(from: string, to: string): Promise<void> {
  const warehouse = await openDuckDb(urlOf(to));
  await warehouse
    .run(
      `ATTACH '${from.replaceAll("'", "''")}' AS build (READ_ONLY);
       CREATE SCHEMA IF NOT EXISTS ${datasets.marts};
       CREATE OR REPLACE TABLE ${LAST_BUILD} AS FROM build.${LAST_BUILD}`,
    )
    .finally(() => warehouse.close());
}

const urlOf = (file: string): string => pathToFileURL(file).href.replace("file:", "duckdb:");
