import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../generator/errors.ts";
import { runDbt } from "../../local/dbt.ts";
import { DbtServer } from "../../local/dbt-server.ts";

/** The dbt project. */
export const transformFolder = fileURLToPath(new URL("../../transform", import.meta.url));

export interface DbtOptions {
  /** A target of `transform/profiles.yml`. */
  readonly target: "duckdb" | "bigquery";
  /** The variables that the target reads, such as `DBT_DUCKDB_PATH`, with absolute paths. */
  readonly env: Readonly<Record<string, string>>;
  /** The absolute path of a folder for dbt's output: its state between runs, the compiled SQL, and `dbt.log`. */
  readonly folder: string;
  /** The day that metrics look back from, `YYYY-MM-DD`. @default the last day with orders */
  readonly asOfDate?: string;
  /** Whether to build every month again. @default only those that changed */
  readonly fullRefresh?: boolean;
  /** Whether to leave out dbt's unit tests, as the deployed job does. @default false */
  readonly withoutUnitTests?: boolean;
  /** A running dbt, which the caller stops. @default one that is started for this build */
  readonly dbt?: DbtServer;
  /** Called after each model and test. */
  readonly progress?: (done: number, total: number) => void;
}

export interface DbtReport {
  /** Models built. */
  readonly models: number;
  /** Data tests and unit tests passed. */
  readonly tests: number;
}

/**
 * Builds the marts: runs `dbt build` with all models and tests of `transform`, by the dbt in `.venv`.
 * No other process may have the DuckDB file open at the same time.
 * Throws UserError that names the models and tests that failed, or with dbt's own error if it built none.
 */
export async function dbtBuild(options: DbtOptions): Promise<DbtReport> {
  const { target, env, folder, asOfDate, progress } = options;
  const log = join(folder, "dbt.log");
  const args = ["build", "--target", target, "--project-dir", transformFolder, "--profiles-dir", transformFolder];
  if (options.fullRefresh) args.push("--full-refresh");
  if (options.withoutUnitTests) args.push("--exclude-resource-type", "unit_test");
  args.push("--target-path", join(folder, "target"), "--log-path", folder);
  if (asOfDate !== undefined) args.push("--vars", JSON.stringify({ as_of_date: asOfDate }));
  const server = options.dbt ?? new DbtServer();
  try {
    const run = { args, env, targetFolder: join(folder, "target"), log };
    const { models, tests, error } = await runDbt(server, { ...run, ...(progress && { progress }) });
    if (error !== undefined) throw new UserError(error);
    return { models, tests };
  } finally {
    if (options.dbt === undefined) server.stop();
  }
}
