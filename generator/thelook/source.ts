import type { Dirent, Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, UserError } from "../errors.ts";
import type { Lake } from "../lake/lake.ts";
import { openLake } from "../lake/open-lake.ts";
import { thelook } from "../tables/merchant.ts";
import type { Column, Table } from "../tables/table.ts";
import type { Dialect } from "../warehouse/dialect.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { type ExportFiles, findExportFiles } from "./export-files.ts";
import { rehearsedOptions } from "./rehearsed-source.ts";
import { plainEmail, type ThelookTables } from "./snapshot.ts";
import { writeSynthetic } from "./synthetic.ts";
import { SYNTHETIC_FOLDER } from "./synthetic-values.ts";

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
const needed: readonly Table[] = [thelook.users, thelook.orders, thelook.orderItems];
/** Exports made before the merchant had products lack these two. */
const optional: readonly Table[] = [thelook.products, thelook.distributionCenters];
/** Columns that nothing in the demo needs. An export may lack them: people leave out names and addresses. */
const spareColumns: ReadonlyMap<Table, readonly string[]> = new Map<Table, readonly string[]>([
  [
    thelook.users,
    [
      "first_name",
      "last_name",
      "state",
      "street_address",
      "postal_code",
      "latitude",
      "longitude",
    ] satisfies (keyof typeof thelook.users.columns)[],
  ],
  [thelook.orders, ["gender", "num_of_item"] satisfies (keyof typeof thelook.orders.columns)[]],
  [
    thelook.orderItems,
    ["product_id", "inventory_item_id", "status"] satisfies (keyof typeof thelook.orderItems.columns)[],
  ],
  [
    thelook.products,
    ["cost", "name", "brand", "sku", "distribution_center_id"] satisfies (keyof typeof thelook.products.columns)[],
  ],
  [
    thelook.distributionCenters,
    ["latitude", "longitude"] satisfies (keyof typeof thelook.distributionCenters.columns)[],
  ],
]);
const inWords = (tables: readonly Table[]) =>
  tables
    .map(({ file }) => `${file}.csv`)
    .join(", ")
    .replace(/, (\S+)$/, " and $1");
const wanted = `an export of thelook_ecommerce is a folder with ${inWords(needed)}, and with ${inWords(optional)} if you have them`;

/**
 * Makes thelook's five tables readable for the warehouse, and returns their names. It reads tables in BigQuery in place, loads CSV
 * files into staging tables, and writes the files of `synthetic:` first. An export may lack the products and the distribution
 * centers: then these tables are empty, and `progress` reports it.
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
  const lake = await openLake(source);
  const files = source.startsWith("file:")
    ? await exportIn(fileURLToPath(source))
    : findExportFiles(source, await lake.list(""), needed, optional);
  return exported(warehouse, lake, files, options);
}

const known = "bigquery://PROJECT/DATASET, file:///FOLDER, gs://BUCKET/PREFIX or synthetic:";

function inBigQuery(warehouse: Warehouse, source: string): ThelookTables {
  if (warehouse.dialect.name !== "bigquery")
    throw new UserError(
      `${source} can be read by BigQuery only: on a laptop use file:///FOLDER of its CSV export, or synthetic:`,
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
  const rows = await writeSynthetic(lake, SYNTHETIC_FOLDER, {
    seed,
    scale,
    until,
    dirtShare,
    progress: (done, total) => {
      if (done % 20_000 === 0 || done === total) progress?.(`writing a synthetic thelook: ${done} of ${total} users`);
    },
  });
  return written(warehouse, lake, options, rows);
}

/** @param promised the number of rows by table: it tells files that were cut short from whole ones */
async function written(
  warehouse: Warehouse,
  lake: Lake,
  { progress }: SourceOptions,
  promised: Record<string, number>,
): Promise<ThelookTables> {
  const names: Record<string, string> = {};
  for (const table of [...needed, ...optional]) {
    const uri = lake.uri(`${SYNTHETIC_FOLDER}/${table.file}.csv`);
    progress?.(`reading ${uri}`);
    const { name, rows } = await warehouse.stage(table, { uris: [uri], trusted: true });
    if (rows !== promised[table.table])
      throw new UserError(`${uri}: ${promised[table.table]} rows were written, but ${rows} arrived; run this again`);
    names[table.table] = name;
  }
  return names as unknown as ThelookTables;
}

async function exported(
  warehouse: Warehouse,
  lake: Lake,
  files: ExportFiles,
  { progress }: SourceOptions,
): Promise<ThelookTables> {
  const names: Record<string, string> = {};
  for (const table of [...needed, ...optional]) {
    const uris = files.get(table)?.map((path) => lake.uri(path));
    if (uris === undefined) {
      const file = lake.uri(`${table.file}.csv`);
      progress?.(`there is no ${file}: merchant.${table.table} stays empty, and what needs it finds nothing`);
      names[table.table] = emptyTable(warehouse.dialect, table);
      continue;
    }
    const read = uris.length === 1 ? uris[0] : `${uris[0]} and ${uris.length - 1} more`;
    progress?.(`reading ${read}`);
    const spare = spareColumns.get(table) ?? [];
    const { name, rows, missing } = await warehouse.stage(table, {
      uris,
      extraColumns: "ignore",
      exported: { spare },
    });
    if (rows === 0) throw new UserError(`${read} has no rows: ${wanted}`);
    if (table === thelook.users) await refuseRedacted(warehouse, String(read), name);
    if (missing.length > 0) progress?.(`${read} has no ${missing.join(", ")}: these stay empty`);
    names[table.table] = name;
  }
  return names as unknown as ThelookTables;
}

/**
 * Throws UserError if most users have one e-mail address, or none has any, or several share a word such as "redacted" or "NA": a customer
 * is an address, so all of them would be one customer.
 */
async function refuseRedacted(warehouse: Warehouse, file: string, users: string): Promise<void> {
  const shared = await warehouse.run(
    `SELECT ${plainEmail} AS address, COUNT(*) AS users, (SELECT COUNT(*) FROM ${users}) AS everybody
FROM ${users} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10`,
  );
  for (const row of shared) {
    const { address, users: same, everybody } = row as { address: string | null; users: number; everybody: number };
    const none = address === null;
    const most = same * 2 > everybody;
    // A few users may share a real address.
    const redacted = none
      ? same === everybody
      : noAddress.test(address) || (most && (!address.includes("@") || same >= 20));
    if (same < 2 || !redacted) continue;
    const have = none ? "have no e-mail address" : `share the e-mail address "${address}"`;
    throw new UserError(
      `${file}: ${same} of ${everybody} users ${have}. The e-mail address identifies a customer, so replace redacted addresses with made-up ones, one for each user, and leave missing ones empty`,
    );
  }
}

/** The words, in lower case, that people and tools write where an address is missing or may not be seen. */
const noAddress =
  /^[^\p{L}\p{N}]*(null|none|nan|n\W?a|unknown|(not|un)\W?available|redacted|removed|deleted|hidden|masked|anonym(ous|ized|ised)|x*)[^\p{L}\p{N}]*$/u;

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

/**
 * The files of an export in a folder of this machine.
 * @throws UserError if it does not exist, is not a folder, or lacks a table
 */
async function exportIn(folder: string): Promise<ExportFiles> {
  let isDeeper = false;
  // A link counts as what it leads to; one that leads nowhere stays, so that reading it names it.
  const followed = (path: string, entry: Dirent): Dirent | Promise<Dirent | Stats> =>
    entry.isSymbolicLink() ? stat(join(path, entry.name)).catch(() => entry) : entry;
  // One folder down is as far as `findExportFiles` looks: the folder may be a home directory.
  const list = async (path: string, depth: number): Promise<string[]> => {
    const entries = await readdir(path, { withFileTypes: true });
    const kinds = await Promise.all(entries.map((entry) => followed(path, entry)));
    const below = entries.filter(({ name }, index) => kinds[index]?.isDirectory() && !name.startsWith("."));
    if (depth === 2 && below.length > 0) isDeeper = true;
    const deeper = await Promise.all(depth < 2 ? below.map(({ name }) => list(join(path, name), depth + 1)) : []);
    return [
      ...entries
        .filter((_, index) => kinds[index]?.isFile() || kinds[index]?.isSymbolicLink())
        .map(({ name }) => join(path, name)),
      ...deeper.flat(),
    ];
  };
  const paths = await list(folder, 0).catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") throw new UserError(`${folder} does not exist: ${wanted}`);
    if (code === "ENOTDIR" && /\.(zip|tar|tgz|gz|7z|rar|xlsx?)$/i.test(folder))
      throw new UserError(`${folder} is an archive: unpack it, and name the folder`);
    if (code === "ENOTDIR") throw new UserError(`${folder} is not a folder: ${wanted}`);
    throw new UserError(`${folder} cannot be read: ${messageOf(error)}`);
  });
  if (paths.length === 0 && isDeeper)
    throw new UserError(
      `${folder} has only folders within folders: name the folder that has the files, because ${wanted}`,
    );
  if (paths.length === 0) throw new UserError(`${folder} is empty: ${wanted}`);
  const relatives = paths.map((path) => relative(folder, path).split(sep).join("/")).sort();
  return findExportFiles(folder, relatives, needed, optional);
}
