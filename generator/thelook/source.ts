import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { messageOf, UserError } from "../errors.ts";
import type { Lake } from "../lake/lake.ts";
import { openLake } from "../lake/open-lake.ts";
import { thelook } from "../tables/merchant.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { rehearsedOptions } from "./rehearsed-source.ts";
import type { ThelookTables } from "./snapshot.ts";
import { writeSynthetic } from "./synthetic.ts";

export interface SourceOptions {
  /** `bigquery://PROJECT/DATASET`, `file:///FOLDER` or `gs://BUCKET/PREFIX` of a CSV export, or `synthetic:`. */
  readonly source: string;
  readonly seed: number;
  /** The lake to which `synthetic:` writes its files, under `thelook/`. */
  readonly lake?: Lake | undefined;
  /** The number of users of `synthetic:`; 1 means 100,000. */
  readonly scale?: number | undefined;
  /** The last day of `synthetic:`, `YYYY-MM-DD`. */
  readonly until?: string | undefined;
  /** Called with a description of each step, for people to read. */
  readonly progress?: ((step: string) => void) | undefined;
}

/** A fixed day, so that the same seed gives the same rows tomorrow. */
const LAST_DAY = "2025-12-31";
const FOLDER = "thelook";
const tables = [thelook.users, thelook.orders, thelook.orderItems];
const fileNames = tables.map(({ file }) => `${file}.csv`);
const wanted = `an export of thelook_ecommerce is a folder with ${fileNames.join(", ")}`;

/**
 * Makes thelook's three tables readable for the warehouse, and returns their names. It reads tables in BigQuery in place, loads CSV
 * files into staging tables, and writes the files of `synthetic:` first.
 * Throws UserError if the source is unknown, missing, empty or out of the warehouse's reach, and if a file does not fit (with file,
 * line, column and value).
 */
export async function openSource(warehouse: Warehouse, declared: SourceOptions): Promise<ThelookTables> {
  const options = await rehearsedOptions(declared);
  const { source } = options;
  if (source.startsWith("bigquery://")) return inBigQuery(warehouse, source);
  if (source === "synthetic:") return synthetic(warehouse, options);
  if (!/^(file:\/\/\/|gs:\/\/)/.test(source))
    throw new UserError(`"${source}" is not a source of thelook: use ${known}`);
  checkReach(warehouse, source);
  if (source.startsWith("file:")) await checkFolder(fileURLToPath(source));
  return staged(warehouse, await openLake(source), "", options);
}

const known = "bigquery://PROJECT/DATASET, file:///FOLDER, gs://BUCKET/PREFIX or synthetic:";

function inBigQuery(warehouse: Warehouse, source: string): ThelookTables {
  if (warehouse.dialect.name !== "bigquery")
    throw new UserError(
      `${source} can be read by BigQuery only: here use file:///FOLDER of its CSV export, or synthetic:`,
    );
  const [, project, dataset] = /^bigquery:\/\/([a-z0-9.:-]+)\/(\w+)$/.exec(source) ?? [];
  if (!project || !dataset) throw new UserError(`"${source}" names no dataset: use bigquery://PROJECT/DATASET`);
  const name = (table: string) => `\`${project}.${dataset}.${table}\``;
  return { users: name("users"), orders: name("orders"), order_items: name("order_items") };
}

async function synthetic(warehouse: Warehouse, options: SourceOptions): Promise<ThelookTables> {
  const { lake, seed, scale = 1, until = LAST_DAY, progress } = options;
  if (lake === undefined) throw new UserError("synthetic: needs a place for its files: set LAKE_URL or --lake");
  checkReach(warehouse, lake.url);
  const rows = await writeSynthetic(lake, FOLDER, {
    seed,
    scale,
    until,
    progress: (done, total) => {
      if (done % 20_000 === 0 || done === total) progress?.(`writing a synthetic thelook: ${done} of ${total} users`);
    },
  });
  return staged(warehouse, lake, `${FOLDER}/`, options, rows);
}

/** @param promised the number of rows by table, where it is known: it tells files that were cut short from whole ones */
async function staged(
  warehouse: Warehouse,
  lake: Lake,
  prefix: string,
  { progress }: SourceOptions,
  promised?: Record<string, number>,
): Promise<ThelookTables> {
  const names: Record<string, string> = {};
  for (const table of tables) {
    const uri = lake.uri(`${prefix}${table.file}.csv`);
    progress?.(`reading ${uri}`);
    const { name, rows } = await warehouse.stage(table, { uris: [uri], extraColumns: "ignore" });
    if (rows === 0) throw new UserError(`${uri} has no rows: ${wanted}`);
    if (promised && rows !== promised[table.table])
      throw new UserError(`${uri}: ${promised[table.table]} rows were written and ${rows} arrived; run this again`);
    names[table.table] = name;
  }
  return names as unknown as ThelookTables;
}

/** BigQuery reads from buckets, DuckDB from folders. */
function checkReach({ dialect }: Warehouse, url: string): void {
  if (dialect.name === "bigquery" && !url.startsWith("gs://"))
    throw new UserError(`BigQuery cannot read ${url}: upload it (npm run upload) and use gs://BUCKET/PREFIX`);
  if (dialect.name === "duckdb" && !url.startsWith("file:"))
    throw new UserError(`DuckDB cannot read ${url}: download it and use file:///FOLDER`);
}

/** Throws UserError if a folder is not a CSV export of thelook: it does not exist, is not a folder, or lacks one of the files. */
export async function checkFolder(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") throw new UserError(`${folder} does not exist: ${wanted}`);
    if (code === "ENOTDIR") throw new UserError(`${folder} is not a folder: ${wanted}`);
    throw new UserError(`${folder} cannot be read: ${messageOf(error)}`);
  });
  if (entries.length === 0) throw new UserError(`${folder} is empty: ${wanted}`);
  const missing = fileNames.filter((name) => !entries.includes(name));
  if (missing.length > 0) throw new UserError(`${folder} has no ${missing.join(" and no ")}: ${wanted}`);
}
