import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { Access } from "./grants.ts";

/** A thing that a process reported to have used. */
export interface Touch {
  /** Kind and name, such as `bucket/NAME` or `job/NAME`. */
  readonly resource: string;
  readonly access: Access;
}

export interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The variables of the process, in addition to `inherited()`. It gets no other variables of this process. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The file that standard output and standard error are appended to. */
  readonly log: string;
  /** Receives each line of both, except the lines that report to the rehearsal. */
  readonly onLine?: (line: string) => void;
}

/** A process, and everything that it has written so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly touched: Touch[];
  /** The declared variables that it has read. */
  readonly read: Set<string>;
  /** Resolves when the process has ended and all its output is read, to the exit code, or to undefined if a signal ended it. */
  readonly ended: Promise<number | undefined>;
}

/** A module that each Node process of a rehearsal loads first. It reports which declared variables the process reads. */
export const nodeHook = new URL("hook.mjs", import.meta.url).href;

/**
 * The error of an execution that was stopped, or not started, because the rehearsal has failed elsewhere.
 * @example
 * if (execution.failed instanceof Stopped) return; // another error is the cause
 */
export class Stopped extends Error {
  override name = "Stopped";
}

/** The processes of a rehearsal. All of them end when it ends, whether it succeeds or fails. */
export class Processes {
  readonly #running = new Set<Running>();
  #over = false;

  /** Starts a process. Records the lines by which it reports `touched` and `read`, and logs all others. */
  start(options: StartOptions): Running {
    if (this.#over) throw new Stopped();
    const running = start(options);
    this.#running.add(running);
    const forget = () => this.#running.delete(running);
    running.ended.then(forget, forget);
    const ended = running.ended.then((code) => {
      if (this.#over) throw new Stopped();
      return code;
    });
    ended.catch(() => {});
    return { ...running, ended };
  }

  /** Ends all processes and refuses to start more. */
  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all([...this.#running].map(stop));
  }
}

/** Kills a process if it still runs, and waits until it has ended. With a milder signal, a server would wait for idle connections. */
export async function stop({ child, ended }: Running): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await ended.catch(() => {});
}

/** The part of a failed process's output that a person should read: its last error, or its last lines. */
export function lastWords(lines: readonly string[]): string {
  const texts = lines.map((line) => line.trimEnd()).filter((line) => line !== "");
  const from = texts.findLastIndex((line) => /^(\w*Error|error):? /.test(line));
  const words = from < 0 ? texts.slice(-5) : texts.slice(from, from + 8);
  return words.join("\n  ").replace(/^error: /, "");
}

function noteIn(line: string): { touched?: Touch; read?: string } | undefined {
  if (!line.startsWith('{"touched":') && !line.startsWith('{"read":')) return undefined;
  return JSON.parse(line) as { touched?: Touch; read?: string };
}

/**
 * The variables of this process that every program needs, such as PATH and HOME.
 * @example
 * spawn("python", ["report.py"], { env: { ...inherited(), ...container.env } });
 */
export function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "TMPDIR", "TEMP", "LANG", "SystemRoot", "USERPROFILE", "NODE_COMPILE_CACHE"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function start({ command, args, env, cwd, log, onLine }: StartOptions): Running {
  mkdirSync(dirname(log), { recursive: true });
  const file = createWriteStream(log, { flags: "a" });
  const child = spawn(command, args, {
    env: { ...inherited(), ...env },
    // When this process ends, for whatever reason, the child's standard input closes, and hook.mjs ends the child.
    stdio: ["pipe", "pipe", "pipe"],
    ...(cwd !== undefined && { cwd }),
  });
  child.stdin.on("error", () => {});
  // If the disk is full, continue without the log.
  file.on("error", () => {});
  const running = { child, lines: [] as string[], touched: [] as Touch[], read: new Set<string>() };
  const hear = (line: string) => {
    const note = noteIn(line);
    if (note?.touched) running.touched.push(note.touched);
    else if (note?.read) running.read.add(note.read);
    else {
      running.lines.push(line);
      file.write(`${line}\n`);
      onLine?.(line);
    }
  };
  const listen = async (stream: NodeJS.ReadableStream) => {
    for await (const line of createInterface({ input: stream })) hear(line);
  };
  const ended = (async () => {
    const closed = once(child, "close");
    await Promise.all([listen(child.stdout), listen(child.stderr), closed]).finally(() => file.end());
    return child.exitCode ?? undefined;
  })();
  // The process may fail before anybody awaits it: without this, Node would report an unhandled rejection.
  ended.catch(() => {});
  return { ...running, ended };
}
