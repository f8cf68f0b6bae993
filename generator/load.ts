import { checkRows } from "./coffee/checks.ts";
import { UserError } from "./errors.ts";
import type { Lake } from "./lake/lake.ts";
import { type Manifest, readManifest } from "./lake/manifest.ts";
import { coffeeTables } from "./tables/index.ts";
import type { Table } from "./tables/table.ts";
import { replaceRows, type Warehouse } from "./warehouse/warehouse.ts";

/** Rows now in each of the coffee shop's tables, by table name. */
export type LoadSummary = Readonly<Record<string, number>>;

export interface LoadOptions {
  /** The folder of the CSV files within the lake. @default "csv_sources" */
  readonly prefix?: string;
  /** The dataset in which the tables are declared. @default "coffee_shop" */
  readonly dataset?: string;
  /** Whether tables may become much smaller. At night nobody means that; a new `scale` or `days` does. @default false */
  readonly allowShrink?: boolean;
}

/**
 * Loads the coffee shop's CSV files from the lake into the warehouse. It checks the size and checksum of each file in
 * the manifest under `prefix`, loads the files into staging tables, checks their row counts and their rows (see `checkRows`), and
 * then replaces the rows of all its tables in one transaction. A failure at any point leaves the tables as they were.
 * Throws UserError if the manifest is missing or broken, a file is missing, was changed or does not fit its table, or rows break a
 * rule.
 */
export async function load(
  warehouse: Warehouse,
  lake: Lake,
  { prefix = "csv_sources", dataset = "coffee_shop", allowShrink = false }: LoadOptions = {},
): Promise<LoadSummary> {
  const manifest = await readManifest(lake, prefix);
  await checkFiles(lake, manifest);
  const staging = await Promise.allSettled(
    coffeeTables.map(async (declared) => {
      const table = { ...declared, dataset };
      const files = filesOf(manifest, table);
      const { name, rows } = await warehouse.stage(table, { uris: files.map(({ path }) => lake.uri(path)) });
      const promised = files.reduce((sum, file) => sum + file.rows, 0);
      if (rows !== promised) {
        throw new UserError(
          `${table.dataset}.${table.table}: ${rows} rows arrived, the manifest promises ${promised}. ${again}`,
        );
      }
      return { table, from: name, rows, files: files.map(({ path }) => lake.uri(path)) };
    }),
  );
  // Throw only after all loads have ended: one still running would create its staging table again after it is dropped.
  const staged = staging.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
  await checkRows(warehouse, staged, manifest.settings, allowShrink);
  await warehouse.run(replaceRows(staged, warehouse.nameOf));
  return Object.fromEntries(staged.map(({ table, rows }) => [table.table, rows]));
}

const again = "Nothing was loaded; generate the files again (npm run generate), then load.";

function filesOf(manifest: Manifest, table: Table) {
  const { run, settings } = manifest;
  const files = manifest.files.filter((file) => file.table === table.table);
  if (files.length === 0) throw new UserError(`The manifest of ${run} names no file for ${table.table}. ${again}`);
  // Small tables have one file, and large ones a file for each shard.
  if (files.length !== 1 && files.length !== settings.shards)
    throw new UserError(
      `The manifest of ${run} names ${files.length} files for ${table.table}, and the run had ${settings.shards} shards. ${again}`,
    );
  return files;
}

async function checkFiles(lake: Lake, manifest: Manifest): Promise<void> {
  const unknown = manifest.files.find(({ table }) => coffeeTables.every((known) => known.table !== table));
  if (unknown !== undefined)
    throw new UserError(
      `The manifest of ${manifest.run} has a file for "${unknown.table}", which is not a table of the coffee shop. ${again}`,
    );
  const checked = await Promise.all(
    manifest.files.map(async ({ path, bytes, md5 }) => {
      const found = await lake.stat(path);
      if (found === undefined) return `${lake.uri(path)} is missing`;
      if (found.bytes !== bytes) return `${lake.uri(path)} has ${found.bytes} bytes, the manifest says ${bytes}`;
      if (found.md5 !== md5) return `${lake.uri(path)} was changed: its MD5 is ${found.md5}, the manifest says ${md5}`;
      return undefined;
    }),
  );
  const wrong = checked.filter((line) => line !== undefined);
  if (wrong.length > 0) throw new UserError(`${wrong.join("\n       ")}\n       ${again}`);
}
