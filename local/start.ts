import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { checkSettings } from "../generator/coffee/settings.ts";
import { runMain, UserError } from "../generator/errors.ts";
import { type Option, readOptions, text } from "../generator/options.ts";
import { coffeeOptions, folderUrl, resolveFromCaller, yesterdayInKyiv } from "../generator/settings.ts";
import { checkFolder } from "../generator/thelook/source.ts";
import { openWarehouse, type ResultRow, type Warehouse } from "../generator/warehouse/warehouse.ts";
import { aside } from "./aside.ts";
import { writeReports } from "./dashboards.ts";
import { DbtServer } from "./dbt-server.ts";
import { evaluate } from "./evaluate.ts";
import { rehearse } from "./rehearse.ts";
import { show, watch } from "./report.ts";
import { readPulumiYaml } from "./settings.ts";
import { formatTable, step } from "./terminal.ts";
import { answerUseCases } from "./use-cases.ts";
import { reportFolder, type World, warehouseUrl } from "./world.ts";

const settings = {
  thelook: text("folder with a CSV export of thelook_ecommerce, instead of the built-in synthetic one", undefined),
  ...coffeeOptions,
  // Without them the program's own defaults hold.
  seed: optional(coffeeOptions.seed),
  scale: optional(coffeeOptions.scale),
  out: text("folder that everything lands in", ".local"),
};

/** The project that the stack is declared for, where there is none. */
const PROJECT = "demo-project";

/** Rehearses what `index.ts` declares on this machine, then asks the use cases' questions of it. */
async function main(): Promise<void> {
  const options = readOptions("npm start --", settings, process.argv.slice(2));
  const { thelook, until, seed, scale, days } = options;
  const { program, defaults } = readPulumiYaml(new URL("../Pulumi.yaml", import.meta.url));
  const config: Record<string, string> = { ...defaults };
  for (const [name, value] of Object.entries({ seed, scale, days })) {
    if (value !== undefined) config[`${program}:${name}`] = String(value);
  }
  const setting = (name: string) => Number(config[`${program}:${name}`]);
  checkSettings({
    seed: setting("seed"),
    scale: setting("scale"),
    until: until ?? yesterdayInKyiv(),
    ...(days !== undefined && { days }),
    shard: { index: 0, count: 1 },
  });
  const out = resolveFromCaller(options.out);
  if (/[?#]/.test(out)) throw new UserError(`${out} has a ? or #, which DuckDB takes apart: choose another --out`);
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
    process.once(signal, () => {
      const holds = existsSync(join(out, "warehouse.duckdb")) ? "the last whole run" : "no whole run yet";
      console.error(`\nStopped. ${out} holds ${holds}.`);
      process.exit(code);
    });
  if (thelook !== undefined) await checkFolder(resolveFromCaller(thelook));
  const started = performance.now();
  await aside(out, async (folder) => {
    // It takes its seconds to load, meanwhile the program is evaluated.
    const dbt = new DbtServer();
    dbt.start();
    try {
      const declaration = await step("index.ts", async () => {
        const declared = await evaluate(() => import("../index.ts"), { project: PROJECT, program, config });
        return [declared, `${declared.resources.length} resources declared`];
      });
      const source = thelook === undefined ? "synthetic:" : folderUrl(thelook);
      const surroundings = { thelook: source, ...(until !== undefined && { until }) };
      const world = await rehearse(declaration, { out: folder, dbt, ...surroundings, watch, show });
      await look(world);
      await step("reports", async () => [undefined, await writeReports(world)]);
      // What only the run itself needed.
      for (const name of ["functions", "providers"]) await rm(join(folder, name), { recursive: true, force: true });
    } finally {
      dbt.stop();
    }
  });

  // What an earlier run generated is not what these results were made of.
  if (thelook !== undefined) await rm(join(out, "thelook"), { recursive: true, force: true });

  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const chosen = options.out === settings.out.default ? "" : `--out "${options.out}" `;
  const here = relative(process.cwd(), out) || ".";
  console.log(`
Done in ${seconds} s. What to look at next:
  ${pathToFileURL(join(reportFolder({ out }), "index.html"))}
                                the reports: open the link, or npm run report -- ${chosen}--open
  ${join(here, "warehouse.duckdb")}       all tables; the marts are coffee_marts.flat_customer_metrics and flat_order_details
  ${join(here, "answers")}                the use cases' answers as CSV; the questions are cleanroom/use-cases/*.sql
  ${join(here, "bucket")}                 the declared buckets: CSV files, the runtime, the dbt project and what dbt made of it
  ${join(here, "logs")}                   what each job and function wrote`);
}

/** Answers the use cases from what the rehearsal made, and lists its tables. */
async function look(world: World): Promise<void> {
  await answerUseCases(world.out, join(world.out, "answers"));
  const warehouse = await openWarehouse(warehouseUrl(world));
  try {
    console.log(`\nWhat was made\n${formatTable(await tableRows(warehouse))}`);
  } finally {
    await warehouse.close();
  }
}

function optional<T>(option: Option<T>): Option<T | undefined> {
  return { ...option, default: undefined };
}

async function tableRows(warehouse: Warehouse): Promise<ResultRow[]> {
  return warehouse.run(
    `SELECT schema_name AS dataset, table_name AS "table", estimated_size AS rows FROM duckdb_tables()
     WHERE NOT temporary ORDER BY schema_name DESC, table_name`,
  );
}

await runMain(main);
