import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import {
  type Adapter,
  type Container,
  checkRead,
  type Done,
  type Rehearsal,
  type Touch,
  wrong,
} from "pulumi-rehearsal";
import { UserError } from "../generator/errors.ts";
import { readSchemas, runDbt } from "./dbt.ts";
import { type DbtServer, python } from "./dbt-server.ts";
import { databaseFor } from "./declared-tables.ts";

/** Makes the adapter that runs containers of dbt, whatever their image is called, by the dbt in `.venv`, with DuckDB as the target. */
export function dbtJobs(server: DbtServer): Adapter {
  const matches = ({ command, args, image }: Container) =>
    command === "dbt" ||
    (command === "python" && args.includes("dbt")) ||
    (command === undefined && /\bdbt\b/.test(image));
  return {
    types: {},
    runners: [
      {
        matches,
        /** Lets dbt read the project now, so that the build starts at once later. */
        async prepare(rehearsal, container) {
          const { args, env } = commandOf(rehearsal, container);
          await server.prepare(args, env);
        },
        run: (rehearsal, container, tell) => runDbtJob(server, rehearsal, container, tell),
      },
    ],
    lock: (rehearsal, container) =>
      matches(container)
        ? { name: databaseFor(rehearsal, container.account), shared: onlyReads(partsOf(container).args) }
        : undefined,
  };
}

/** The arguments of dbt, and those of the Python program that checks dbt's project first, if there is one. */
function partsOf({ command, args }: Container): {
  readonly check: readonly string[];
  readonly args: readonly string[];
} {
  const start = command === "python" ? args.indexOf("dbt") : -1;
  return { check: args.slice(0, Math.max(start, 0)), args: args.slice(start + 1) };
}

/** Runs the declared check of dbt's project, and nothing after it. Throws UserError with its message if the project is not the declared one. */
async function checkProject(container: Container): Promise<void> {
  const { check } = partsOf(container);
  if (check.length === 0) return;
  await promisify(execFile)(python, ["-E", ...check, python, "--version"]).catch(({ stderr, message }) => {
    if (stderr) throw wrong(container.job, String(stderr).trim());
    throw new UserError(`Python cannot be run from .venv (${message}): remove .venv, and run npm start again`);
  });
}

const onlyReads = ([command]: readonly string[]): boolean => command === "docs";

/** The variables that dbt itself reads. profiles.yml names the variables that the project reads. */
const READ_BY_DBT =
  /^DBT_(TARGET_PATH|LOG_PATH|LOG_FORMAT|LOG_LEVEL|PROFILES_DIR|PROJECT_DIR|TARGET|PROFILE|USE_COLORS|QUIET|FAIL_FAST)$|^DBT_(SEND|NO|PARTIAL)_\w+$/;

/** dbt's command line and environment on this machine. */
interface Command {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly targetFolder: string;
  readonly log: string;
}

/** Runs dbt with the declared arguments and variables. dbt's manifest names the datasets that it touched. */
async function runDbtJob(
  server: DbtServer,
  rehearsal: Rehearsal,
  container: Container,
  tell: (line: string) => void,
): Promise<Done> {
  const command = commandOf(rehearsal, container);
  await checkProject(container);
  const progress = (done: number, total: number) => tell(`${Math.floor((100 * done) / Math.max(total, 1))} %`);
  const { error, ...built } = await runDbt(server, { ...command, progress });
  if (error !== undefined) throw wrong(container.job, error);
  const builds = command.args[0] === "build";
  const { sources, models } = await readSchemas(command.targetFolder);
  const touched = [
    ...sources.map((schema): Touch => ({ resource: `dataset/${schema}`, access: "read" })),
    // On BigQuery, a build first writes to a dataset beside the models' own (transform/macros/publish.sql).
    ...(builds ? models : []).map((schema): Touch => ({ resource: `dataset/${schema}_build`, access: "write" })),
    ...models.map((schema): Touch => ({ resource: `dataset/${schema}`, access: builds ? "write" : "read" })),
  ];
  const ran = command.args.slice(
    0,
    command.args.findIndex((arg) => arg.startsWith("--")),
  );
  return { lines: [JSON.stringify(builds ? { built } : { ran: ran.join(" ") })], touched };
}

/** Turns the declared command into one for DuckDB. Throws UserError naming the job if it would fail in the cloud's container. */
function commandOf(rehearsal: Rehearsal, container: Container): Command {
  const { job, account, env, log } = container;
  const { args } = partsOf(container);
  const target = args.indexOf("--target") + 1;
  const profiles = args.indexOf("--profiles-dir") + 1;
  if (target === 0 || args[target] !== "bigquery") throw wrong(job, "runs dbt without --target bigquery");
  const profilesFile = join(args[profiles] ?? "", "profiles.yml");
  if (profiles === 0 || !existsSync(profilesFile))
    throw wrong(job, "runs dbt without --profiles-dir, or its folder has no profiles.yml");
  const { DBT_TARGET_PATH: targetFolder } = env;
  if (targetFolder === undefined)
    throw wrong(
      job,
      "runs dbt without DBT_TARGET_PATH, so dbt would write to the project's folder, which is read-only",
    );

  const text = readFileSync(profilesFile, "utf8");
  const known = [...text.matchAll(/env_var\('(\w+)'(,?)/g)];
  const isRead = (name: string) => READ_BY_DBT.test(name) || known.some(([, each]) => each === name);
  checkRead(
    job,
    Object.keys(env).filter((name) => !isRead(name)),
  );
  const unset = known.find(([, name = "", comma]) => comma === "" && env[name] === undefined);
  if (unset) throw wrong(job, `runs dbt without the variable ${unset[1]}, which profiles.yml requires`);
  return {
    args: args.with(target, "duckdb"),
    // The declared log folder exists only in the container: write the log beside the other logs.
    env: {
      ...env,
      DBT_DUCKDB_PATH: join(rehearsal.out, databaseFor(rehearsal, account)),
      DBT_DUCKDB_ACCESS: onlyReads(args) ? "read_only" : "read_write",
      DBT_LOG_PATH: dirname(log),
    },
    targetFolder,
    log: join(dirname(log), "dbt.log"),
  };
}
