import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { inherited } from "pulumi-rehearsal";
import { messageOf, UserError } from "../generator/errors.ts";
import { duckdbThreads } from "../generator/warehouse/threads.ts";

// The default log level, debug, writes every query to the log, which takes a tenth of the time.
const flags = ["--log-level-file", "info", "--no-use-colors", "--no-send-anonymous-usage-stats", "--no-version-check"];

/** The Python that has dbt. */
export const python = fileURLToPath(new URL("../.venv/bin/python", import.meta.url));
const script = fileURLToPath(new URL("dbt_server.py", import.meta.url));

interface Request {
  readonly do: "prepare" | "run";
  /** The arguments after `dbt`, the command first. */
  readonly args: readonly string[];
  /** The variables that the project and its profiles read. */
  readonly env: Readonly<Record<string, string>>;
}

/** A process that loads dbt from `.venv` once, and then runs one request after the other. */
export class DbtServer {
  #child: ChildProcess | undefined;
  #over: Promise<never> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #hear: (line: string) => void = () => {};

  /** Starts to load dbt, which takes two seconds. Optional: the first request does it otherwise. */
  start(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    // Without settings such as PYTHONHOME and PYTHONPATH, which are for another Python.
    const child = spawn(python, ["-E", "-u", "-X", "utf8", script], {
      env: surroundings(),
      stdio: ["pipe", "pipe", "pipe"],
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        this.#hear(line);
      });
    }
    this.#over = new Promise<never>((_, reject) => {
      const end = (why: string) =>
        reject(
          new UserError(`dbt cannot be run from .venv (${why}): run \`node local/install.mjs\`, which installs dbt`),
        );
      child.once("error", (error) => end(messageOf(error)));
      child.once("close", () => end(lines.slice(-3).join(" ")));
    });
    this.#over.catch(() => {});
    child.stdin.on("error", () => {});
    this.#child = child;
    return child;
  }

  /** Reads the project, so that a run with the same arguments and environment builds it at once. */
  prepare(args: readonly string[], env: Request["env"]): Promise<number> {
    return this.#ask({ do: "prepare", args, env }, () => {});
  }

  /** Runs dbt and returns its exit code. Throws UserError if dbt is not installed. */
  run(args: readonly string[], env: Request["env"], hear: (line: string) => void): Promise<number> {
    return this.#ask({ do: "run", args, env }, hear);
  }

  stop(): void {
    this.#child?.kill();
  }

  #ask(request: Request, hear: (line: string) => void): Promise<number> {
    const whole = { ...request, args: [...request.args, ...flags], env: { ...surroundings(), ...request.env } };
    const answer = this.#last.then(() => {
      const ended = new Promise<number>((resolve) => {
        this.#hear = (line) => {
          if (line.startsWith('{"ended":')) resolve((JSON.parse(line) as { ended: number }).ended);
          else hear(line);
        };
      });
      this.start().stdin?.write(`${JSON.stringify(whole)}\n`);
      return this.#over ? Promise.race([this.#over, ended]) : ended;
    });
    this.#last = answer.catch(() => {});
    return answer;
  }
}

function surroundings(): Record<string, string> {
  return {
    ...inherited(),
    DO_NOT_TRACK: "1",
    DBT_DUCKDB_THREADS: String(duckdbThreads),
  };
}
