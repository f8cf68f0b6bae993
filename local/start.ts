import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { readUseCases } from "../cleanroom/use-cases.ts";
import { csvField } from "../generator/coffee/csv.ts";
import { generateCoffee } from "../generator/coffee/generate.ts";
import { checkSettings } from "../generator/coffee/settings.ts";
import { runMain } from "../generator/errors.ts";
import { fill } from "../generator/fill.ts";
import { openLake } from "../generator/lake/lake.ts";
import { load } from "../generator/load.ts";
import { readOptions, text } from "../generator/options.ts";
import { coffeeOptions, folderUrl, resolveFromCaller, yesterdayInKyiv } from "../generator/settings.ts";
import { allTables } from "../generator/tables/index.ts";
import { createTables } from "../generator/warehouse/duckdb.ts";
import { openWarehouse, type ResultRow, type Warehouse } from "../generator/warehouse/warehouse.ts";
import { dbtBuild } from "./dbt.ts";
import { count, formatTable, percent, step } from "./terminal.ts";

const settings = {
  thelook: text("folder with a CSV export of thelook_ecommerce, instead of the built-in synthetic one", undefined),
  ...coffeeOptions,
  out: text("folder that everything lands in", ".local"),
};

/** Fills both demos on this machine: source, snapshot, e-wallet, coffee CSV, load, dbt, and the use cases' answers. */
async function main(): Promise<void> {
  const options = readOptions("npm start --", settings, process.argv.slice(2));
  const { thelook, seed, scale, until = yesterdayInKyiv(), days } = options;
  const shop = { seed, scale, until, ...(days !== undefined && { days }), shard: { index: 0, count: 1 } };
  checkSettings(shop);
  const out = resolveFromCaller(options.out);
  const bucket = join(out, "bucket");
  const lake = await openLake(pathToFileURL(bucket).href);
  const file = join(out, "warehouse.duckdb");
  const url = pathToFileURL(file).href.replace("file:", "duckdb:");
  const started = performance.now();

  await createTables(url, allTables);
  await inWarehouse(url, async (warehouse) => {
    const source = thelook === undefined ? "synthetic:" : folderUrl(thelook);
    const filled = await step("Merchant and e-wallet", async (progress) => {
      const report = await fill(warehouse, { source, seed, scale, lake, progress });
      return [report, inAll(report.tables)];
    });
    console.log(
      formatTable(
        filled.counts.filter(({ rows }) => rows > 0).map((line) => ({ ...line })),
        "      ",
      ),
    );

    await step("Coffee shop's CSV files", async (show) => {
      const manifest = await generateCoffee(lake, { ...shop, progress: percent(show) });
      await removeOtherRuns(join(bucket, "csv_sources"), manifest.run);
      return [manifest, inAll(Object.fromEntries(manifest.files.map(({ path, rows }) => [path, rows])))];
    });

    await step("Load", async () => {
      const report = await load(warehouse, lake);
      return [report, inAll(report)];
    });
  });

  // dbt is a process of its own, and a DuckDB file has one writer at a time.
  await step("dbt: marts and checks", async (show) => {
    const env = { DBT_DUCKDB_PATH: file };
    const report = await dbtBuild({ target: "duckdb", env, folder: join(out, "logs"), progress: percent(show) });
    return [report, `${report.models} models, ${report.tests} tests passed`];
  });

  await inWarehouse(url, async (warehouse) => {
    await answerUseCases(warehouse, join(out, "answers"));
    console.log(`\nWhat was made\n${formatTable(await tableRows(warehouse))}`);
  });

  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const here = relative(process.cwd(), out) || ".";
  console.log(`
Done in ${seconds} s. What to look at next:
  ${join(here, "warehouse.duckdb")}       all tables; the marts are coffee_marts.flat_customer_metrics and flat_order_details
  ${join(here, "answers")}                the use cases' answers as CSV; the questions are cleanroom/use-cases/*.sql
  ${join(here, "bucket")}                 the CSV files, with the generator's ground truth apart
  ${join(here, "logs", "dbt.log")}           what dbt built and checked`);
}

async function inWarehouse(url: string, work: (warehouse: Warehouse) => Promise<void>): Promise<void> {
  const warehouse = await openWarehouse(url);
  try {
    await work(warehouse);
  } finally {
    await warehouse.close();
  }
}

function inAll(rows: Readonly<Record<string, number>>): string {
  return `${count(Object.values(rows).reduce((sum, each) => sum + each, 0))} rows`;
}

/** What the bucket's lifecycle rule does in the cloud: runs that the manifest no longer names go. */
async function removeOtherRuns(folder: string, run: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const others = entries.filter((entry) => entry.isDirectory() && entry.name !== run);
  await Promise.all(others.map(({ name }) => rm(join(folder, name), { recursive: true })));
}

/** Asks the use cases' questions, prints each answer and keeps it as CSV. */
async function answerUseCases(warehouse: Warehouse, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { name, title, question, sql } of readUseCases()) {
    const rows = await step(title, async () => {
      const answer = await warehouse.run(sql);
      return [answer, `${count(answer.length)} rows`];
    });
    console.log(`      ${question}\n\n${formatTable(rows, "      ")}\n`);
    await writeFile(join(folder, `${name}.csv`), csv(rows));
  }
}

function csv(rows: readonly ResultRow[]): string {
  const lines = [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))];
  return lines.map((line) => `${line.map(csvField).join(",")}\n`).join("");
}

async function tableRows(warehouse: Warehouse): Promise<ResultRow[]> {
  return warehouse.run(
    `SELECT schema_name AS dataset, table_name AS "table", estimated_size AS rows FROM duckdb_tables()
     WHERE NOT temporary ORDER BY schema_name DESC, table_name`,
  );
}

await runMain(main);
