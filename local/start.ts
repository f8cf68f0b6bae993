import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { evaluate, rehearse } from "pulumi-rehearsal";
import { checkSettings } from "../generator/coffee/shop-settings.ts";
import {
  coffeeOptions,
  dirtShare as dirtShareOption,
  folderUrl,
  resolveFromCaller,
  yesterdayInKyiv,
} from "../generator/command-settings.ts";
import { runMain, UserError } from "../generator/errors.ts";
import { type Option, readOptions, text } from "../generator/options.ts";
import { checkFolder } from "../generator/thelook/source.ts";
import { openWarehouse } from "../generator/warehouse/open-warehouse.ts";
import type { ResultRow, Warehouse } from "../generator/warehouse/warehouse.ts";
import { readPulumiYaml } from "../pulumi-yaml.ts";
import { adapters } from "./adapters.ts";
import { answerUseCases } from "./answer-use-cases.ts";
import { dbtJobs } from "./dbt-job.ts";
import { DbtServer } from "./dbt-server.ts";
import { replaceResults, reportFolder, warehouseFile, warehouseUrl } from "./output-folder.ts";
import { printExecution, printSchedule } from "./progress.ts";
import { formatTable, step } from "./terminal.ts";
import { writeReports } from "./write-reports.ts";

const settings = {
  thelook: text("folder with a CSV export of thelook_ecommerce, instead of the built-in synthetic one", undefined),
  ...coffeeOptions,
  // The defaults of these two are in Pulumi.yaml.
  seed: optional(coffeeOptions.seed),
  scale: optional(coffeeOptions.scale),
  dirtShare: optional(dirtShareOption),
  out: text("folder for everything that is made", ".local"),
};

/** The Google Cloud project that `index.ts` is evaluated for. */
const PROJECT = "demo-project";

/** `npm start`: rehearses `index.ts` on this machine, answers the use cases, and writes the reports. */
async function main(): Promise<void> {
  const options = readOptions("npm start --", settings, process.argv.slice(2));
  const { thelook, until, seed, scale, days, dirtShare } = options;
  const { program, defaults } = readPulumiYaml();
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
  if (/[?#]/.test(out))
    throw new UserError(`${out} contains ? or #, which DuckDB does not allow in a path: choose another --out`);
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
    process.once(signal, () => {
      const holds = existsSync(warehouseFile({ out })) ? "the last whole run" : "no whole run yet";
      console.error(`\nStopped. ${out} holds ${holds}.`);
      process.exit(code);
    });
  if (thelook !== undefined) await checkFolder(resolveFromCaller(thelook));
  const started = performance.now();
  await replaceResults(out, async (folder) => {
    // Load dbt while the program is evaluated, because both take seconds.
    const dbt = new DbtServer();
    dbt.start();
    try {
      const declaration = await step("index.ts", async () => {
        const declared = await evaluate(() => import("../index.ts"), { project: PROJECT, program, config, adapters });
        return [declared, `${declared.resources.length} resources declared`];
      });
      const env = {
        REHEARSAL_THELOOK: thelook === undefined ? "synthetic:" : folderUrl(thelook),
        ...(until !== undefined && { UNTIL: until }),
        ...(dirtShare !== undefined && { DIRT_SHARE: String(dirtShare) }),
      };
      await rehearse(declaration, {
        out: folder,
        adapters: [...adapters, dbtJobs(dbt)],
        env,
        onExecution: printExecution,
        onSchedule: printSchedule,
      });
      await answerAndList(folder);
      await step("reports", async () => [undefined, await writeReports({ out: folder })]);
      // Remove the folders that only the run itself needs.
      for (const name of ["functions", "providers"]) await rm(join(folder, name), { recursive: true, force: true });
    } finally {
      dbt.stop();
    }
  });

  // Remove the synthetic thelook of an earlier run: these results come from the export.
  if (thelook !== undefined) await rm(join(out, "thelook"), { recursive: true, force: true });

  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const chosen = options.out === settings.out.default ? "" : `--out "${options.out}" `;
  const here = relative(process.cwd(), out) || ".";
  console.log(`
Done in ${seconds} s. What to look at next:
  ${pathToFileURL(join(reportFolder({ out }), "index.html"))}
                                the reports: open the link, or npm run report -- ${chosen}--open
  ${join(here, "warehouse.duckdb")}       all tables; the marts include coffee_marts.flat_customer_metrics and flat_order_details
  ${join(here, "answers")}                the use cases' answers as CSV; the questions are cleanroom/use-cases/*.sql
  ${join(here, "bucket")}                 the declared buckets: CSV files, the bundle that the jobs run, the dbt project and its output
  ${join(here, "logs")}                   the output of each job and function`);
}

/** Answers the use cases in a rehearsed folder, and lists its tables. */
async function answerAndList(out: string): Promise<void> {
  await answerUseCases(out, join(out, "answers"));
  const warehouse = await openWarehouse(warehouseUrl({ out }));
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
