import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A command of this repository that runs in a process of its own. */
export interface Command {
  readonly child: ChildProcess;
  /** Everything that it has printed so far. */
  output(): string;
  /** Its exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Starts a TypeScript file of this repository with Node. */
export function startFile(file: string, args: readonly string[], env: Record<string, string> = {}): Command {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", file, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own, by which all processes that it starts can be found.
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  child.stdin.on("error", () => {});
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  return { child, output: () => output, ended };
}

/** Runs a file to its end. A process that takes longer than `within` milliseconds is killed, with all that it started. */
export async function runFile(
  file: string,
  args: readonly string[],
  { env, within = 120_000 }: { env?: Record<string, string>; within?: number } = {},
): Promise<{ code: number | NodeJS.Signals; output: string; seconds: number }> {
  const started = performance.now();
  const command = startFile(file, args, env);
  let hanging = "";
  const timer = setTimeout(() => {
    hanging = `\nkilled after ${within / 1000} s`;
    process.kill(-(command.child.pid as number), "SIGKILL");
  }, within);
  const code = await command.ended;
  clearTimeout(timer);
  return { code, output: command.output() + hanging, seconds: (performance.now() - started) / 1000 };
}

/** The processes that a command has started and that still run. */
export function leftOf({ child }: Command): string[] {
  const listed = execFileSync("ps", ["-A", "-o", "pgid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return listed
    .map((line) => line.trim().split(/\s+/))
    .filter(([group, state = "Z"]) => group === String(child.pid) && !state.startsWith("Z"))
    .map(([, , ...args]) => args.join(" "));
}

/** Waits until `done`, for at most `within` milliseconds. Returns whether it was done in time. */
export async function until(done: () => boolean | Promise<boolean>, within: number): Promise<boolean> {
  for (const deadline = Date.now() + within; Date.now() < deadline; await sleep(20)) if (await done()) return true;
  return false;
}
