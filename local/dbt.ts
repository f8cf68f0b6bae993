import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../generator/errors.ts";
import { buildInCopy } from "./dbt-copy.ts";
import { DbtServer } from "./dbt-server.ts";

const project = fileURLToPath(new URL("../transform", import.meta.url));

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
  const args = ["build", "--target", target, "--project-dir", project, "--profiles-dir", project];
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

export interface RunOptions {
  /** The arguments after `dbt`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** dbt's target folder, as the arguments or the environment set it. */
  readonly targetFolder: string;
  /** The log file that messages name. */
  readonly log: string;
  readonly progress?: (done: number, total: number) => void;
}

/**
 * Runs dbt. Returns the numbers of models and tests, and an `error` if any failed or none was built. A failed build changes no mart, also in a
 * DuckDB file.
 */
export async function runDbt(server: DbtServer, options: RunOptions) {
  const file = options.env.DBT_DUCKDB_PATH;
  if (options.args[0] !== "build" || file === undefined) return runAndRead(server, options);
  return buildInCopy(file, (env) => runAndRead(server, { ...options, env: { ...options.env, ...env } }));
}

async function runAndRead(server: DbtServer, { args, env, targetFolder, log, progress }: RunOptions) {
  // Remove the results of an earlier run, so that they are not taken for this run's if it writes none.
  await rm(join(targetFolder, "run_results.json"), { force: true });
  const lines: string[] = [];
  let total = 0;
  let done = 0;
  const code = await server.run(args, env, (line) => {
    lines.push(line);
    if (/ Found \d+ models?, /.test(line)) total = nodesFound(line);
    if (/ \d+ of \d+ (?!START|OK hook)/.test(line)) progress?.(++done, total);
  });
  const results = (await readResults(targetFolder)) ?? [];
  const count = (...kinds: string[]) => results.filter(({ unique_id }) => kinds.includes(kindOf(unique_id))).length;
  const error = errorOf(code, lines, results, log);
  return { models: count("model"), tests: count("test", "unit_test"), error };
}

function errorOf(code: number, lines: string[], results: NodeResult[], log: string): string | undefined {
  if (results.length === 0) return `dbt did not start to build: ${reasonIn(lines)}\nIts output: ${log}`;
  const failed = results.filter(({ status }) => ["error", "fail", "runtime error"].includes(status));
  if (code === 0 && failed.length === 0) return undefined;
  const names = failed.map((result) => `  ${nodeName(result)}: ${firstLine(result.message)}`);
  return `dbt build failed, and skipped everything that depends on these models and tests:\n${names.join("\n")}\nIts output: ${log}`;
}

/** The schemas of the sources and models of the last run. */
export async function readSchemas(targetFolder: string): Promise<{ sources: string[]; models: string[] }> {
  interface Manifest {
    readonly nodes: Record<string, { readonly resource_type: string; readonly schema: string }>;
    readonly sources: Record<string, { readonly schema: string }>;
  }
  const { nodes, sources } = JSON.parse(await readFile(join(targetFolder, "manifest.json"), "utf8")) as Manifest;
  const models = Object.values(nodes).filter(({ resource_type }) => resource_type === "model");
  const schemas = (of: readonly { schema: string }[]) => [...new Set(of.map(({ schema }) => schema))];
  return { sources: schemas(Object.values(sources)), models: schemas(models) };
}

/** Counts the steps of a build in "Found 10 models, 61 data tests, 5 sources, …". dbt's own total, as in "1 of 97", counts some twice. */
function nodesFound(line: string): number {
  const counts = line.matchAll(/(\d+) (?:model|data test|unit test|exposure)s?\b/g);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

interface NodeResult {
  readonly unique_id: string;
  readonly status: string;
  readonly message: string | null;
}

async function readResults(folder: string): Promise<NodeResult[] | undefined> {
  const text = await readFile(join(folder, "run_results.json"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { results: NodeResult[] }).results;
}

const kindOf = (id: string): string => id.split(".")[0] ?? "";

/** Turns `model.coffee_shop.dim_order` into `model dim_order`. A test's id may have a hash after the name. */
function nodeName({ unique_id }: NodeResult): string {
  const [kind = "", , ...name] = unique_id.split(".");
  return `${kind.replace("_", " ")} ${(kind === "unit_test" ? name.at(-1) : name[0]) ?? unique_id}`;
}

function firstLine(message: string | null): string {
  const [first = "", second = ""] = (message ?? "no message").split("\n").map((line) => line.trim());
  return `${first} ${second}`.trim();
}

/** The lines after "Encountered an error:", without the time of day and the stack; without such a line, the last lines. */
function reasonIn(lines: readonly string[]): string {
  const from = lines.findIndex((line) => line.includes("Encountered an error"));
  const texts = lines.map((line) => line.replace(/^\d\d:\d\d:\d\d\s+/, "").trim());
  const reason = (from < 0 ? texts.slice(-5) : texts.slice(from + 1, from + 8)).filter(
    (text) => !/^(Compilation Error in operation|> )/.test(text),
  );
  const end = reason.findIndex((text) => text === "" || text.startsWith("Traceback"));
  return reason.slice(0, end < 0 ? undefined : end).join("\n  ");
}
