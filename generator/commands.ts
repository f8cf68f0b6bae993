import { fileURLToPath } from "node:url";
import {
  checkTiers,
  coffeeOptions,
  dirtShare,
  folderUrl,
  seed,
  thelookScale,
  walletOptions,
} from "./command-settings.ts";
import { UserError } from "./errors.ts";
import { hashKey } from "./keyed-hash.ts";
import { openLake } from "./lake/open-lake.ts";
import { load } from "./load.ts";
import { flag, number, readOptions, text } from "./options.ts";
import { PUBLIC_THELOOK } from "./tables/merchant.ts";
import { openWarehouse } from "./warehouse/open-warehouse.ts";

/*
 * The generator's commands. They take all places as URLs, from arguments or the environment, and run the same in the
 * cloud and on a laptop. Each imports what it alone needs when it runs, so that the others start sooner.
 */

/** A command by its name: takes the arguments after the name. */
export type Commands = Readonly<Record<string, (args: string[]) => Promise<void>>>;

const lakeUrl = text("bucket or folder: gs://BUCKET or file:///FOLDER", undefined, "LAKE_URL");
export const warehouseUrl = text("bigquery://PROJECT or duckdb:///FILE", undefined, "WAREHOUSE_URL");

const thelookSource = text(
  "where thelook comes from: bigquery://PROJECT/DATASET, file:///FOLDER of its CSV export, or synthetic:",
  PUBLIC_THELOOK,
  "THELOOK_SOURCE",
);
const prefix = text("folder of the CSV files within the lake", "csv_sources", "GCS_PREFIX");
const shardOptions = {
  task: number("number of this shard, from 0", 0, { min: 0, env: "CLOUD_RUN_TASK_INDEX" }),
  tasks: number("number of shards", 1, { min: 1, env: "CLOUD_RUN_TASK_COUNT" }),
};

export const generatorCommands = {
  /** Fills the merchant's and the e-wallet's tables. */
  async fill(args: string[]): Promise<void> {
    const options = readOptions(
      "fill [settings]: fills the tables of the merchant and the e-wallet",
      {
        source: thelookSource,
        seed,
        scale: thelookScale,
        dirtShare,
        ...walletOptions,
        lake: lakeUrl,
        warehouse: warehouseUrl,
      },
      args,
    );
    checkTiers(options);
    const { fill } = await import("./fill.ts");
    const [target] = required([options.warehouse, "--warehouse or WAREHOUSE_URL"]);
    const warehouse = await openWarehouse(target);
    try {
      const lake = options.lake === undefined ? undefined : await openLake(options.lake);
      log({
        filled: await fill(warehouse, {
          ...options,
          hashKey: hashKey(process.env),
          lake,
          progress: (step) => console.error(step),
        }),
      });
    } finally {
      await warehouse.close();
    }
  },

  /** Writes the coffee shop's CSV files, or one task's shard of them. */
  async generate(args: string[]): Promise<void> {
    const where = { out: text("folder to write to, instead of --lake", undefined), lake: lakeUrl };
    const options = readOptions(
      "npm run generate -- [settings]: writes the coffee shops' CSV files",
      { ...where, prefix, ...coffeeOptions, ...shardOptions },
      args,
    );
    const given = options.out === undefined ? options.lake : folderUrl(options.out);
    const [url] = required([given, "--out DIR (or --lake URL, or LAKE_URL)"]);
    const lake = await openLake(url);
    const { seed, scale, days, prefix: folder, task, tasks } = options;
    const { lastDay } = await import("./coffee/last-day.ts");
    const until = options.until ?? (await lastDay(lake, folder, { tasks, execution: process.env.CLOUD_RUN_EXECUTION }));
    const shard = { index: task, count: tasks };
    const window = { until, ...(days && { days }) };
    const { generateCoffee } = await import("./coffee/generate.ts");
    const manifest = await generateCoffee(lake, { seed, scale, ...window, shard, prefix: folder, progress: percent() });
    const files = manifest.files.map(({ path, rows, bytes }) => ({ path, rows, bytes }));
    if (process.stdout.isTTY) console.log(`${wholeRun(files)}, until ${until}, in ${url}`);
    else log({ run: manifest.run, files });
  },

  /** Loads the CSV files of the last complete run into the warehouse. */
  async load(args: string[]): Promise<void> {
    const allowShrink = flag("load a run with far fewer rows than the last one too");
    const whole = flag("load files that have not changed since the last load too");
    const options = readOptions(
      "load [settings]: loads the coffee shops' CSV files into a warehouse",
      { lake: lakeUrl, prefix, warehouse: warehouseUrl, allowShrink, whole },
      args,
    );
    const [from, to] = required(
      [options.lake, "--lake or LAKE_URL"],
      [options.warehouse, "--warehouse or WAREHOUSE_URL"],
    );
    const lake = await openLake(from);
    const warehouse = await openWarehouse(to);
    try {
      const { run, until, rows, changed } = await load(warehouse, lake, options);
      log({ run, until, loaded: rows, changed });
    } finally {
      await warehouse.close();
    }
  },

  /** Uploads a folder to a bucket. */
  async upload(args: string[]): Promise<void> {
    const from = text("folder to upload", undefined);
    const to = text("gs://BUCKET/PREFIX", undefined);
    const thelook = flag(
      "the folder is an export of thelook in any form that npm start reads: rewrite it so that BigQuery can load it",
    );
    const options = readOptions(
      "npm run upload -- [settings]: uploads a folder to a bucket",
      { from, to, thelook },
      args,
    );
    const [source, target] = required([options.from, "--from DIR"], [options.to, "--to gs://BUCKET/PREFIX"]);
    const folder = folderUrl(source);
    const { openBucket } = await import("./lake/gcs.ts");
    // Before an export is read and written again, which takes a while.
    openBucket(target);
    const { upload } = await import("./upload.ts");
    const send = (path: string) => upload({ from: path, to: target, progress: percent() });
    const step = (done: string) => console.error(done);
    // Imported at run time: the cloud's bundle does not contain DuckDB.
    const { rewriteExport } = await import("./thelook/rewrite-export.ts");
    const sent = options.thelook ? await rewriteExport(folder, send, step) : await send(fileURLToPath(folder));
    if (process.stdout.isTTY)
      console.log(`${target} has ${sent.files} files, ${megabytes(sent.bytes)}; ${sent.skipped} were there before`);
    else log(sent);
  },
} as const satisfies Commands;

/** The values of settings without a default, each given with its name. Throws UserError that names all that are missing. */
export function required<Settings extends readonly (readonly [value: string | undefined, name: string])[]>(
  ...settings: Settings
): { [At in keyof Settings]: string } {
  const missing = settings.flatMap(([value, name]) => (value === undefined ? [`${name} is missing`] : []));
  if (missing.length > 0) throw new UserError(missing.join("\n"));
  return settings.map(([value]) => value) as { [At in keyof Settings]: string };
}

/** Prints one line of JSON: Cloud Logging shows its fields, and a script can parse it. */
export function log(entry: object): void {
  console.log(JSON.stringify(entry));
}

/** The files of a run for a person: rows by table, and the sum of all files. */
function wholeRun(files: readonly { readonly path: string; readonly rows: number; readonly bytes: number }[]): string {
  const tables = new Map<string, number>();
  for (const { path, rows } of files) {
    const name = path.split("/").at(-1) ?? path;
    tables.set(name, (tables.get(name) ?? 0) + rows);
  }
  const lines = [...tables].map(
    ([name, rows]) => `  ${name.padEnd(24)} ${rows.toLocaleString("en-US").padStart(12)} rows`,
  );
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return `${lines.join("\n")}\n${files.length} files, ${megabytes(bytes)}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Prints progress on standard error, ten lines in all, to keep logs short. */
function percent(): (done: number, total: number) => void {
  let printed = 0;
  return (done, total) => {
    const tenths = Math.floor((10 * done) / Math.max(total, 1));
    if (tenths > printed) console.error(`${tenths * 10} %`);
    printed = Math.max(printed, tenths);
  };
}

/** Runs the command that the first argument names. Throws UserError if there is no such command. */
export async function runCommands(commands: Commands, [name = "", ...args]: string[]): Promise<void> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new UserError(`"${name}" is not a command: use ${Object.keys(commands).join(", ")}`);
  await command(args);
}
