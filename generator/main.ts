import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { publishReports } from "../report/publish.ts";
import { generateCoffee } from "./coffee/generate.ts";
import { runMain, UserError } from "./errors.ts";
import { fill } from "./fill.ts";
import { openLake } from "./lake/lake.ts";
import { load } from "./load.ts";
import { number, readOptions, text } from "./options.ts";
import {
  checkTiers,
  coffeeOptions,
  folderUrl,
  resolveFromCaller,
  scale,
  seed,
  walletOptions,
  yesterdayInKyiv,
} from "./settings.ts";
import { upload } from "./upload.ts";
import { openWarehouse } from "./warehouse/warehouse.ts";

/*
 * The entry points of the runtime: `node main.mjs <command> [--setting value]` for Cloud Run jobs, a person and the rehearsal, and
 * the functions by their names. Where things are comes in as URLs, by argument or environment; nothing here knows a laptop from the
 * cloud.
 */

export { loadBqFromCsv } from "./functions/load-bq-from-csv.ts";
export { triggerJob } from "./functions/trigger-job.ts";
// For the resource that runs a job during `pulumi up`: its provider is text in the state, which can import one file.
export { openRunAdmin } from "./run-admin.ts";

const lakeUrl = text("bucket or folder: gs://BUCKET or file:///FOLDER", undefined, "LAKE_URL");
const warehouseUrl = text("bigquery://PROJECT or duckdb:///FILE", undefined, "WAREHOUSE_URL");

const thelookSource = text(
  "where thelook comes from: bigquery://PROJECT/DATASET, file:///FOLDER of its CSV export, or synthetic:",
  "bigquery://bigquery-public-data/thelook_ecommerce",
  "THELOOK_SOURCE",
);
const prefix = text("folder of the CSV files within the lake", "csv_sources", "GCS_PREFIX");
const shardOptions = {
  task: number("which shard this is, from 0", 0, { min: 0, env: "CLOUD_RUN_TASK_INDEX" }),
  tasks: number("how many shards there are", 1, { min: 1, env: "CLOUD_RUN_TASK_COUNT" }),
};

const commands: Record<string, (args: string[]) => Promise<void>> = {
  /** Snapshot of the merchant and the e-wallet's tables derived from it. */
  async fill(args) {
    const options = readOptions(
      "fill",
      { source: thelookSource, seed, scale, ...walletOptions, lake: lakeUrl, warehouse: warehouseUrl },
      args,
    );
    checkTiers(options);
    const warehouse = await openWarehouse(required(options.warehouse, "--warehouse or WAREHOUSE_URL"));
    try {
      const lake = options.lake === undefined ? undefined : await openLake(options.lake);
      log({ filled: await fill(warehouse, { ...options, lake }) });
    } finally {
      await warehouse.close();
    }
  },

  /** The coffee shop's CSV files, or one task's shard of them. */
  async generate(args) {
    const where = { out: text("folder to write to, instead of --lake", undefined), lake: lakeUrl };
    const options = readOptions("generate", { ...where, prefix, ...coffeeOptions, ...shardOptions }, args);
    const url = options.out === undefined ? options.lake : folderUrl(options.out);
    const lake = await openLake(required(url, "--out DIR, or --lake or LAKE_URL"));
    const { seed, scale, until = yesterdayInKyiv(), days, prefix: folder, task, tasks } = options;
    const shard = { index: task, count: tasks };
    const window = { until, ...(days && { days }) };
    const manifest = await generateCoffee(lake, { seed, scale, ...window, shard, prefix: folder, progress: percent() });
    log({ run: manifest.run, files: manifest.files.map(({ path, rows, bytes }) => ({ path, rows, bytes })) });
  },

  /** The CSV files of the last whole run, into the warehouse. */
  async load(args) {
    const options = readOptions("load", { lake: lakeUrl, prefix, warehouse: warehouseUrl }, args);
    const lake = await openLake(required(options.lake, "--lake or LAKE_URL"));
    const warehouse = await openWarehouse(required(options.warehouse, "--warehouse or WAREHOUSE_URL"));
    try {
      log({ loaded: await load(warehouse, lake, options.prefix) });
    } finally {
      await warehouse.close();
    }
  },

  /** The reports, from the marts: one HTML file each. */
  async report(args) {
    const to = text("bucket or folder of the reports: gs://BUCKET or file:///FOLDER", undefined, "REPORT_URL");
    const pages = text("folder of the pages without their data", undefined, "REPORT_PAGES");
    const options = readOptions("report", { to, pages, warehouse: warehouseUrl }, args);
    const templates = await openLake(folderUrl(required(options.pages, "--pages DIR or REPORT_PAGES")));
    const lake = await openLake(required(options.to, "--to or REPORT_URL"));
    const warehouse = await openWarehouse(required(options.warehouse, "--warehouse or WAREHOUSE_URL"));
    try {
      const template = (name: string) => templates.readText(name);
      log({ reported: await publishReports(warehouse, lake, { template, madeAt: new Date() }) });
    } finally {
      await warehouse.close();
    }
  },

  /** A folder of files, into a bucket. */
  async upload(args) {
    const from = text("folder to upload", undefined);
    const to = text("gs://BUCKET/PREFIX", undefined);
    const options = readOptions("upload", { from, to }, args);
    const folder = resolveFromCaller(required(options.from, "--from DIR"));
    log(await upload({ from: folder, to: required(options.to, "--to gs://BUCKET/PREFIX"), progress: percent() }));
  },
};

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new UserError(`${name} is missing`);
  return value;
}

/** One line of JSON: Cloud Logging shows its fields, a script can parse it. */
function log(entry: object): void {
  console.log(JSON.stringify(entry));
}

/** Progress on standard error, ten lines in all, so that a log stays readable. */
function percent(): (done: number, total: number) => void {
  let printed = 0;
  return (done, total) => {
    const tenths = Math.floor((10 * done) / Math.max(total, 1));
    if (tenths > printed) console.error(`${tenths * 10} %`);
    printed = Math.max(printed, tenths);
  };
}

async function main([name = "", ...args]: string[]): Promise<void> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new UserError(`"${name}" is not a command: use ${Object.keys(commands).join(", ")}`);
  await command(args);
}

/** Whether this file is what Node was started with, and not imported: by functions-framework, a provider or a test. */
function isStarted(): boolean {
  try {
    return realpathSync(process.argv[1] ?? "") === fileURLToPath(import.meta.url);
  } catch {
    return false;
  }
}

if (isStarted()) await runMain(() => main(process.argv.slice(2)));
