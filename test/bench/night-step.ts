import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { generateCoffee } from "../../generator/coffee/generate.ts";
import { openFolder } from "../../generator/lake/folder.ts";
import { load } from "../../generator/load.ts";
import { coffeeDataset } from "../../generator/tables/index.ts";
import { createTables, openDuckDb } from "../../generator/warehouse/duckdb.ts";
import { dbtBuild } from "../transform/dbt-build.ts";

/*
 * One night, for `benchNight`, in a process of its own: generates until a day, loads, and builds the marts. Its arguments are a folder, the day
 * and the scale. It prints the seconds of each step as one line of JSON.
 */
const [folder = "", until = "", scale = "10"] = process.argv.slice(2);
const lake = openFolder(pathToFileURL(join(folder, "bucket")).href);
const file = join(folder, "warehouse.duckdb");
const url = pathToFileURL(file).href.replace("file:", "duckdb:");
if (!existsSync(file)) await createTables(url, coffeeDataset);

const seconds: Record<string, number> = {};
async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await work();
  seconds[name] = Math.round((performance.now() - begun) / 100) / 10;
  return result;
}

await step("generate", () =>
  generateCoffee(lake, { seed: 42, until, scale: Number(scale), shard: { index: 0, count: 1 } }),
);
const loaded = await step("load", async () => {
  const database = await openDuckDb(url);
  return load(database, lake).finally(() => database.close());
});
const env = { DBT_DUCKDB_PATH: file };
await step("dbt", () => dbtBuild({ target: "duckdb", env, folder: join(folder, "dbt"), withoutUnitTests: true }));
const rows = Object.values(loaded.rows).reduce((sum, each) => sum + each, 0);
console.log(JSON.stringify({ rows, read: loaded.changed, seconds }));
