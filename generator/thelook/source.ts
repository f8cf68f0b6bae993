import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { messageOf, UserError } from "../errors.ts";
import type { Lake } from "../lake/lake.ts";
import { openLake } from "../lake/open-lake.ts";
import { thelook } from "../tables/merchant.ts";
import type { Column, Table } from "../tables/table.ts";
import type { Dialect } from "../warehouse/dialect.ts";
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
  /** How dirty the files of `synthetic:` are, 0 for clean ones (see `writeSynthetic`). */
  readonly dirtShare?: number | undefined;
  /** Called with a description of each step, for people to read. */
  readonly progress?: ((step: string) => void) | undefined;
}

/** A fixed day, so that the same seed gives the same rows tomorrow. */
const LAST_DAY = "2025-12-31";
const FOLDER = "thelook";
const needed: readonly Table[] = [thelook.users, thelook.orders, thelook.orderItems];
/** Exports made before the merchant had products lack these two. */
const optional: readonly Table[] = [thelook.products, thelook.distributionCenters];
const fileNames = (tables: readonly Table[]) => tables.map(({ file }) => `${file}.csv`);
const wanted = `an export of thelook_ecommerce is a folder with ${fileNames(needed).join(", ")}, and better with ${fileNames(optional).join(", ")}`;

/**
 * Makes thelook's five tables readable for the warehouse, and returns their names. It reads tables in BigQuery in place, loads CSV
 * files into staging tables, and writes the files of `synthetic:` first. An export may lack the products and the distribution
 * centers: then these tables are empty, and `progress` is told.
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
  return {
    distribution_centers: name("distribution_centers"),
    products: name("products"),
    users: name("users"),
    orders: name("orders"),
    order_items: name("order_items"),
  };
}

async function synthetic(warehouse: Warehouse, options: SourceOptions): Promise<ThelookTables> {
  const { lake, seed, scale = 1, until = LAST_DAY, dirtShare, progress } = options;
  if (lake === undefined) throw new UserError("synthetic: needs a place for its files: set LAKE_URL or --lake");
  checkReach(warehouse, lake.url);
  const rows = await writeSynthetic(lake, FOLDER, {
    seed,
    scale,
    until,
    dirtShare,
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
  for (const table of [...needed, ...optional]) {
    const path = `${prefix}${table.file}.csv`;
    const uri = lake.uri(path);
    if (optional.includes(table) && (await lake.stat(path)) === undefined) {
      progress?.(`there is no ${uri}: merchant.${table.table} stays empty, and what needs it finds nothing`);
      names[table.table] = emptyTable(warehouse.dialect, table);
      continue;
    }
    progress?.(`reading ${uri}`);
    const { name, rows } = await warehouse.stage(table, {
      uris: [uri],
      extraColumns: "ignore",
      trusted: promised !== undefined,
    });
    if (rows === 0) throw new UserError(`${uri} has no rows: ${wanted}`);
    if (promised && rows !== promised[table.table])
      throw new UserError(`${uri}: ${promised[table.table]} rows were written and ${rows} arrived; run this again`);
    names[table.table] = name;
  }
  return names as unknown as ThelookTables;
}

/** A table's columns without a row, as a FROM clause reads them. */
function emptyTable(dialect: Dialect, table: Table): string {
  const typeOf = ({ type }: Column) =>
    dialect.type(type === "INTEGER" ? "INT64" : type === "FLOAT64" ? type : "STRING");
  const columns = Object.entries(table.columns).map(([name, column]) => `CAST(NULL AS ${typeOf(column)}) AS ${name}`);
  return `(SELECT ${columns.join(", ")} FROM (SELECT 1 AS one) AS nothing WHERE FALSE)`;
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
  const missing = fileNames(needed).filter((name) => !entries.includes(name));
  if (missing.length > 0) throw new UserError(`${folder} has no ${missing.join(" and no ")}: ${wanted}`);
}
