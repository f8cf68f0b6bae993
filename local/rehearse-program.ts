import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { stop as stopEsbuild } from "esbuild";
import { evaluate, rehearse } from "pulumi-rehearsal";
import { jobs } from "../components/names.ts";
import { FIRST_DAY } from "../generator/coffee/shop-settings.ts";
import { yesterdayInKyiv } from "../generator/command-settings.ts";
import { openWarehouse } from "../generator/warehouse/open-warehouse.ts";
import { adapters } from "./adapters.ts";
import { AnswersBeside } from "./answer-beside.ts";
import { dbtJobs } from "./dbt-job.ts";
import { DbtServer } from "./dbt-server.ts";
import { databasesIn, databaseUrl } from "./output-folder.ts";
import { openProgress } from "./progress.ts";
import { ROOM_FILE } from "./rehearsed-room.ts";
import { formatTable, heading, step } from "./terminal.ts";
import { writeReports } from "./write-reports.ts";

/** The Google Cloud project that `index.ts` is evaluated for. */
const PROJECT = "demo-project";

export interface ProgramOptions {
  /** Imports the Pulumi program: `index.ts`. */
  readonly load: () => Promise<object>;
  /** The absolute path of an empty folder for the results. */
  readonly out: string;
  /** The name of Pulumi's project. */
  readonly program: string;
  /** Settings by full name, such as `shop:seed`. */
  readonly config: Readonly<Record<string, string>>;
  /** Variables that every job and function gets in addition to its declared ones. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether to print every count, answer and table. */
  readonly verbose: boolean;
}

/**
 * Rehearses the program, answers the use cases and writes the reports, as far as the program declares them, and prints a line for each step.
 * Throws UserError that names the resource, the use case or the report that fails.
 */
export async function rehearseProgram({ load, out, program, config, env, verbose }: ProgramOptions): Promise<void> {
  // Load dbt while the program is evaluated, because both take seconds.
  const dbt = new DbtServer();
  dbt.start();
  const answers = new AnswersBeside(verbose);
  const { printExecution, printSchedule, printAlert } = openProgress(verbose);
  let isNight = false;
  let reports: Promise<string> | undefined;
  heading("Deployment: the resources and job runs of pulumi up");
  try {
    const declaration = await step("index.ts", async () => {
      const declared = await evaluate(load, { project: PROJECT, program, config, adapters });
      return [declared, `${declared.resources.length} resources declared`];
    });
    // If it bundled anything, its process would keep 80 MB until the end.
    await stopEsbuild();
    await rehearse(declaration, {
      out,
      adapters: [...adapters, dbtJobs(dbt), answers.adapter],
      env,
      deployEnv: dayBefore(env, Number(config[`${program}:days`])),
      onExecution(execution, listen) {
        answers.notice(execution);
        printExecution(execution, listen);
        // The night's report job starts when the marts are done, and only reads them: read them at the same time.
        if (!isNight || execution.job.inputs.name !== jobs.report) return;
        reports = Promise.allSettled([answers.finished(), reports]).then(() => writeReports({ out }));
        // The step below throws the error.
        reports.catch(() => {});
      },
      async onSchedule(name, fire) {
        isNight = true;
        // The schedule may write to the warehouse: wait until the reports of an earlier schedule are written.
        await Promise.allSettled([reports]);
        await printSchedule(name, fire);
      },
      onAlert: printAlert,
    });
  } catch (error) {
    answers.stop();
    throw error;
  } finally {
    dbt.stop();
  }
  if (existsSync(join(out, ROOM_FILE))) heading("Answers of the clean room");
  await answers.print();
  if (verbose) await listTables(out);
  await step("reports", async () => [undefined, await (reports ?? writeReports({ out }))]);
  // Remove the folders that only the run itself needs.
  for (const name of ["functions", "providers"]) await rm(join(out, name), { recursive: true, force: true });
}

/**
 * The variables of the deployment, which is dated a day ago so that the night has a day to add. Empty if the coffee shops have no earlier day.
 * @param days how many days the coffee shops write, 0 for all
 */
function dayBefore({ UNTIL = yesterdayInKyiv() }: Readonly<Record<string, string>>, days = 0): { UNTIL?: string } {
  const day = new Date(Date.parse(UNTIL) - DAY).toISOString().slice(0, 10);
  const first = new Date(Date.parse(day) - (Math.max(days, 1) - 1) * DAY).toISOString().slice(0, 10);
  return first < FIRST_DAY ? {} : { UNTIL: day };
}

const DAY = 24 * 3600 * 1000;

/** Lists the tables of a rehearsed folder. */
async function listTables(out: string): Promise<void> {
  const rows = [];
  for (const database of databasesIn({ out })) {
    const warehouse = await openWarehouse(databaseUrl({ out }, database), { readOnly: true });
    try {
      const tables = await warehouse.run(
        `SELECT schema_name AS dataset, table_name AS "table" FROM duckdb_tables() WHERE NOT temporary
         ORDER BY schema_name DESC, table_name`,
      );
      // DuckDB's own figure, estimated_size, includes rows that a night has deleted.
      for (const table of tables)
        rows.push({
          ...table,
          ...(await warehouse.run(`SELECT COUNT(*) AS rows FROM ${table.dataset}.${table.table}`))[0],
        });
    } finally {
      await warehouse.close();
    }
  }
  console.log(`\nWhat was made\n${formatTable(rows)}`);
}
