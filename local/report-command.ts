import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { resolveFromCaller } from "../generator/caller-folder.ts";
import { runMain, UserError } from "../generator/errors.ts";
import { flag, readOptions, text } from "../generator/options.ts";
import { openBrowser } from "./open-browser.ts";
import { databasesIn, reportFolder } from "./output-folder.ts";
import { step } from "./terminal.ts";
import { writeReports } from "./write-reports.ts";

const settings = {
  open: flag("open them in the browser"),
  out: text("folder that npm start wrote to", ".local"),
  warehouse: text("another warehouse that has the marts: bigquery://PROJECT or duckdb:///FILE", undefined),
};

/** `npm run report`: writes the reports again from the marts of the last `npm start` or of another warehouse. */
async function main(): Promise<void> {
  const { warehouse, ...options } = readOptions(
    "npm run report -- [settings]: makes the reports again",
    settings,
    process.argv.slice(2),
  );
  const out = resolveFromCaller(options.out);
  if (warehouse === undefined && databasesIn({ out }).length === 0)
    throw new UserError(
      `there is no rehearsal in ${out} yet: run npm start first, or name another warehouse with --warehouse`,
    );
  await step("reports", async () => [undefined, await writeReports({ out, warehouse })]);
  const page = pathToFileURL(join(reportFolder({ out }), "index.html")).href;
  console.log(page);
  if (options.open) openBrowser(page);
}

await runMain(main);
