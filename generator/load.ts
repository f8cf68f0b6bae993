import { checkRows } from "./coffee/checks.ts";
import { UserError } from "./errors.ts";
import type { Lake } from "./lake/lake.ts";
import { type Manifest, type ManifestFile, readManifest } from "./lake/manifest.ts";
import { again, heldFiles, planLoad, replaceParts } from "./load-plan.ts";
import { recordLoad } from "./runs.ts";
import { coffeeTables } from "./tables/index.ts";
import type { Warehouse } from "./warehouse/warehouse.ts";

/** The rows of the coffee shop's tables after a load, and the run that they come from. */
export interface LoadSummary {
  /** The run whose rows they are. */
  readonly run: string;
  /** The last day of its data, `YYYY-MM-DD`. */
  readonly until: string;
  /** Rows now in each table, by table name. */
  readonly rows: Readonly<Record<string, number>>;
  /** Rows that were read: those of the files that changed. */
  readonly changed: number;
}

export interface LoadOptions {
  /** The folder of the CSV files within the lake. @default "csv_sources" */
  readonly prefix?: string;
  /** The dataset in which the tables are declared. @default "coffee_shop" */
  readonly dataset?: string;
  /** Whether tables may become much smaller: a mistake at night, but intended after a new `scale` or `days`. @default false */
  readonly allowShrink?: boolean;
  /** Whether to load even files that have not changed. @default false */
  readonly whole?: boolean;
}

/**
 * Loads the coffee shop's CSV files from the lake into the warehouse: those that changed since the last load. It checks the size and checksum
 * of each of these files in the manifest under `prefix`, loads them into staging tables, checks their row counts and their rows (see
 * `checkRows`), and then replaces the rows of their tables, or of their months, in one transaction, which records the load in the tables
 * `loads` and `loaded_files` too. A failure at any point leaves the tables as they were.
 * Throws UserError if the manifest is missing or broken, a file is missing, was changed or does not fit its table, or rows break a
 * rule.
 */
export async function load(
  warehouse: Warehouse,
  lake: Lake,
  { prefix = "csv_sources", dataset = "coffee_shop", allowShrink = false, whole = false }: LoadOptions = {},
): Promise<LoadSummary> {
  const manifest = await readManifest(lake, prefix);
  checkTables(manifest);
  const held = whole ? [] : await heldFiles(warehouse, dataset);
  const plan = planLoad(warehouse, manifest, dataset, held);
  await checkFiles(
    lake,
    plan.flatMap(({ files }) => files),
  );
  const staging = await Promise.allSettled(
    plan.map(async (part) => {
      const { table, files } = part;
      const uris = files.map(({ path }) => lake.uri(path));
      if (files.length === 0) return { ...part, from: undefined, uris, staged: 0 };
      const { name, rows } = await warehouse.stage(table, { uris });
      const promised = files.reduce((sum, file) => sum + file.rows, 0);
      if (rows !== promised) {
        throw new UserError(
          `${table.dataset}.${table.table}: ${rows} rows arrived, the manifest promises ${promised}. ${again}`,
        );
      }
      return { ...part, from: name, uris, staged: rows };
    }),
  );
  // Throw only after all loads have ended: one still running would create its staging table again after it is dropped.
  const staged = staging.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
  await checkRows(warehouse, staged, manifest.settings, allowShrink);
  const statements = [...replaceParts(warehouse, staged, manifest, dataset), recordLoad(manifest, dataset)];
  await warehouse.run(["BEGIN TRANSACTION", ...statements, "COMMIT TRANSACTION"].join(";\n"));
  return {
    run: manifest.run,
    until: manifest.settings.until,
    rows: Object.fromEntries(staged.map(({ table, rows }) => [table.table, rows])),
    changed: staged.reduce((sum, { staged }) => sum + staged, 0),
  };
}

function checkTables({ run, files }: Manifest): void {
  const unknown = files.find(({ table }) => coffeeTables.every((known) => known.table !== table));
  if (unknown !== undefined)
    throw new UserError(
      `The manifest of ${run} has a file for "${unknown.table}", which is not a table of the coffee shop. ${again}`,
    );
}

async function checkFiles(lake: Lake, files: readonly ManifestFile[]): Promise<void> {
  const checked = await Promise.all(
    files.map(async ({ path, bytes, md5 }) => {
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
