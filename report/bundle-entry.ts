import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import "../generator/functions/raw-bodies.ts";
import { coffeeOptions, folderUrl, yesterdayInKyiv } from "../generator/command-settings.ts";
import { generatorCommands, log, required, runCommands, warehouseUrl } from "../generator/commands.ts";
import { endIfFailed, runMain } from "../generator/errors.ts";
import { isOf } from "../generator/functions/night.ts";
import { openLake } from "../generator/lake/open-lake.ts";
import { readOptions, text } from "../generator/options.ts";
import { builtRun, recordReport } from "../generator/runs.ts";
import { openWarehouse } from "../generator/warehouse/open-warehouse.ts";
import { publishReports } from "./publish.ts";

/*
 * The bundle starts here: `node main.mjs COMMAND [--setting value]` runs the generator's commands and `report`, for
 * Cloud Run jobs and the rehearsal. functions-framework imports the functions by name.
 */

export { loadBqFromCsv } from "../generator/functions/load-bq-from-csv.ts";
export { triggerJob } from "../generator/functions/trigger-job.ts";

/** Makes the reports from the marts, one HTML file each, and records the run that they show. An alert counts the lines with `current`. */
async function report(args: string[]): Promise<void> {
  const to = text("bucket or folder of the reports: gs://BUCKET or file:///FOLDER", undefined, "REPORT_URL");
  const pages = text("folder of the built pages, which lack their data", undefined, "REPORT_PAGES");
  const { until } = coffeeOptions;
  const options = readOptions(
    "report [settings]: makes the reports of the coffee shops from the marts",
    { to, pages, warehouse: warehouseUrl, until },
    args,
  );
  const [built, target, marts] = required(
    [options.pages, "--pages DIR or REPORT_PAGES"],
    [options.to, "--to or REPORT_URL"],
    [options.warehouse, "--warehouse or WAREHOUSE_URL"],
  );
  const templates = await openLake(folderUrl(built));
  const lake = await openLake(target);
  const warehouse = await openWarehouse(marts, { readOnly: true });
  try {
    const template = (name: string) => templates.readText(name);
    const night = options.until ?? yesterdayInKyiv();
    const run = await builtRun(warehouse);
    const reported = await publishReports(warehouse, lake, { template, madeAt: new Date(), expected: night });
    if (run !== undefined) await recordReport(lake, { ...run, night });
    log({ reported, night, ...run, current: isOf(run, night) });
  } finally {
    await warehouse.close();
  }
}

/** Whether Node was started with this file. If functions-framework, a provider or a test imports it, nothing runs. */
function isStarted(): boolean {
  try {
    return realpathSync(process.argv[1] ?? "") === fileURLToPath(import.meta.url);
  } catch {
    return false;
  }
}

if (isStarted()) {
  const { fill, generate, load, upload } = generatorCommands;
  await runMain(() => runCommands({ fill, generate, load, report, upload }, process.argv.slice(2)));
  endIfFailed();
}
