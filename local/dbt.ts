import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { buildInCopy } from "./dbt-copy.ts";
import type { DbtServer } from "./dbt-server.ts";

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
