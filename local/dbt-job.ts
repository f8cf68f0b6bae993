import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readSchemas, runDbt } from "./dbt.ts";
import { wrong } from "./declaration.ts";
import { type Container, checkRead } from "./jobs.ts";
import type { Touch } from "./processes.ts";
import { type World, warehouseFile } from "./world.ts";

/** Variables that dbt itself reads; those of the project are in its profiles.yml. */
const OWN =
  /^DBT_(TARGET_PATH|LOG_PATH|LOG_FORMAT|LOG_LEVEL|PROFILES_DIR|PROJECT_DIR|TARGET|PROFILE|USE_COLORS|QUIET|FAIL_FAST)$|^DBT_(SEND|NO|PARTIAL)_\w+$/;

/** dbt's command line and environment on this machine. */
interface Command {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly targetFolder: string;
  readonly log: string;
}

/** Reads the project ahead of the job's execution, which then builds at once. Throws as `runDbtJob` does. */
export async function prepareDbtJob(world: World, container: Container): Promise<void> {
  const { args, env } = commandOf(world, container);
  await world.dbt.prepare(args, env);
}

/**
 * Executes the job that runs dbt: its image cannot run here, so the declared arguments and variables go to dbt of `.venv`, with
 * DuckDB as the target. What it touches is read from the manifest that it writes. Throws UserError naming the job.
 */
export async function runDbtJob(
  world: World,
  container: Container,
  progress?: (done: number, total: number) => void,
): Promise<{ lines: string[]; touched: Touch[] }> {
  const command = commandOf(world, container);
  const { error, ...built } = await runDbt(world.dbt, { ...command, ...(progress && { progress }) });
  if (error !== undefined) throw wrong(container.job, error);
  const builds = command.args[0] === "build";
  const { sources, models } = await readSchemas(command.targetFolder);
  const touched = [
    ...sources.map((schema): Touch => ({ resource: `dataset/${schema}`, access: "read" })),
    ...models.map((schema): Touch => ({ resource: `dataset/${schema}`, access: builds ? "write" : "read" })),
  ];
  const ran = command.args.slice(
    0,
    command.args.findIndex((arg) => arg.startsWith("--")),
  );
  return { lines: [JSON.stringify(builds ? { built } : { ran: ran.join(" ") })], touched };
}

function commandOf(world: World, { job, args, env, log }: Container): Command {
  const target = args.indexOf("--target") + 1;
  const profiles = args.indexOf("--profiles-dir") + 1;
  if (target === 0 || args[target] !== "bigquery") throw wrong(job, "runs dbt without --target bigquery");
  const profilesFile = join(args[profiles] ?? "", "profiles.yml");
  if (profiles === 0 || !existsSync(profilesFile))
    throw wrong(job, "runs dbt without --profiles-dir that has profiles.yml");
  const { DBT_TARGET_PATH: targetFolder } = env;
  if (targetFolder === undefined)
    throw wrong(job, "runs dbt without DBT_TARGET_PATH, and it cannot write beside the project");

  const text = readFileSync(profilesFile, "utf8");
  const known = [...text.matchAll(/env_var\('(\w+)'(,?)/g)];
  const isRead = (name: string) => OWN.test(name) || known.some(([, each]) => each === name);
  checkRead(
    job,
    Object.keys(env).filter((name) => !isRead(name)),
  );
  const unset = known.find(([, name = "", comma]) => comma === "" && env[name] === undefined);
  if (unset) throw wrong(job, `runs dbt without ${unset[1]}, which profiles.yml asks for`);
  return {
    args: args.with(target, "duckdb"),
    // A container's own folders are not on this machine: its log comes to the others.
    env: { ...env, DBT_DUCKDB_PATH: warehouseFile(world), DBT_LOG_PATH: dirname(log) },
    targetFolder,
    log: join(dirname(log), "dbt.log"),
  };
}
