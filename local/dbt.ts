import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { messageOf, UserError } from "../generator/errors.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const project = join(root, "transform");
const dbt = join(root, ".venv", ...(process.platform === "win32" ? ["Scripts", "dbt.exe"] : ["bin", "dbt"]));

export interface DbtOptions {
  /** Which warehouse, by its name in `transform/profiles.yml`. */
  readonly target: "duckdb" | "bigquery";
  /** The variables that the target reads, such as `DBT_DUCKDB_PATH`; paths absolute. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute folder for what dbt writes: its state between runs, the compiled SQL, and `dbt.log`. */
  readonly folder: string;
  /** The day that metrics look back from, `YYYY-MM-DD`; by default the data's last day of orders. */
  readonly asOfDate?: string;
  /** Told after each model and test. */
  readonly progress?: (done: number, total: number) => void;
}

export interface DbtReport {
  /** Models built. */
  readonly models: number;
  /** Data tests and unit tests passed. */
  readonly tests: number;
}

/**
 * Builds the marts: `dbt build` of the project in `transform`, every model and test, with dbt from `.venv`.
 * No other process may hold a DuckDB file open meanwhile.
 * Throws UserError that names the models and tests that failed, or what dbt says where it does not get that far.
 */
export async function dbtBuild(options: DbtOptions): Promise<DbtReport> {
  const { target, env, folder, asOfDate } = options;
  const log = join(folder, "dbt.log");
  const targetFolder = join(folder, "target");
  // The results of an earlier run must not be taken for this one's.
  await rm(join(targetFolder, "run_results.json"), { force: true });

  const args = ["build", "--target", target, "--project-dir", project, "--profiles-dir", project];
  // At its own level, debug, the log would take every query and a tenth of the time.
  args.push("--target-path", targetFolder, "--log-path", folder, "--log-level-file", "info");
  args.push("--no-use-colors", "--no-send-anonymous-usage-stats", "--no-version-check");
  if (asOfDate !== undefined) args.push("--vars", JSON.stringify({ as_of_date: asOfDate }));

  const { code, lines } = await run(args, env, options.progress);
  const results = await readResults(targetFolder);
  if (results === undefined) throw new UserError(`dbt did not start to build: ${reasonIn(lines)}\nIts output: ${log}`);
  const failed = results.filter(({ status }) => ["error", "fail", "runtime error"].includes(status));
  if (code !== 0 || failed.length > 0) {
    const names = failed.map((result) => `  ${nodeName(result)}: ${firstLine(result.message)}`);
    throw new UserError(
      `dbt build failed; what depends on these was not built:\n${names.join("\n")}\nIts output: ${log}`,
    );
  }
  const count = (...kinds: string[]) => results.filter(({ unique_id }) => kinds.includes(kindOf(unique_id))).length;
  return { models: count("model"), tests: count("test", "unit_test") };
}

async function run(args: string[], env: DbtOptions["env"], progress: DbtOptions["progress"]) {
  const child = spawn(dbt, args, {
    cwd: project,
    env: { ...process.env, DO_NOT_TRACK: "1", PYTHONUNBUFFERED: "1", PYTHONUTF8: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const notStarted = once(child, "error").then(([error]) => {
    throw new UserError(
      `dbt cannot be run from .venv (${messageOf(error)}): run \`node local/install.mjs\`, which installs it`,
    );
  });
  const lines: string[] = [];
  let total = 0;
  let done = 0;
  const read = async (stream: NodeJS.ReadableStream) => {
    for await (const line of createInterface({ input: stream })) {
      lines.push(line);
      if (/ Found \d+ models?, /.test(line)) total = nodesFound(line);
      if (/ \d+ of \d+ (?!START)/.test(line)) progress?.(++done, total);
    }
  };
  await Promise.race([notStarted, Promise.all([read(child.stdout), read(child.stderr), once(child, "close")])]);
  return { code: child.exitCode, lines };
}

/** Steps of the build, from "Found 10 models, 61 data tests, 5 sources, …"; its own "1 of 97" counts some twice. */
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

/** `model dim_order`, from `model.coffee_shop.dim_order`; a test's id may end in a hash, after its name. */
function nodeName({ unique_id }: NodeResult): string {
  const [kind = "", , ...name] = unique_id.split(".");
  return `${kind.replace("_", " ")} ${(kind === "unit_test" ? name.at(-1) : name[0]) ?? unique_id}`;
}

function firstLine(message: string | null): string {
  const [first = "", second = ""] = (message ?? "no message").split("\n").map((line) => line.trim());
  return `${first} ${second}`.trim();
}

/** What dbt prints after "Encountered an error:", without the time of day and the stack, or else its last lines. */
function reasonIn(lines: readonly string[]): string {
  const from = lines.findIndex((line) => line.includes("Encountered an error"));
  const texts = lines.map((line) => line.replace(/^\d\d:\d\d:\d\d\s+/, "").trim());
  const reason = from < 0 ? texts.slice(-5) : texts.slice(from + 1, from + 8);
  const end = reason.findIndex((text) => text === "" || text.startsWith("Traceback"));
  return reason.slice(0, end < 0 ? undefined : end).join("\n  ");
}
