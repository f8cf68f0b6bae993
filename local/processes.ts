import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { Access } from "./grants.ts";

/** `bucket/NAME`, `dataset/NAME` or `job/NAME`. */
export type TouchedResource = string;

/** Something that a process says it read from or wrote to. */
export interface Touch {
  readonly resource: TouchedResource;
  readonly access: Access;
}

export interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment beside what a process needs to run at all: nothing of this shell's comes through. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** File that both of its outputs are written to, after what is in it. */
  readonly log: string;
  /** Told each line of either output, without those meant for the rehearsal. */
  readonly onLine?: (line: string) => void;
}

/** A process, with what it has said so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly touched: Touch[];
  /** The names of watched variables that it has read. */
  readonly read: Set<string>;
  /** Settles with its exit code once it has ended and all it said is read; undefined where a signal ended it. */
  readonly ended: Promise<number | undefined>;
}

/** What Node needs for one of its processes to report which of the declared variables it reads, and to find DuckDB. */
export const nodeHook = new URL("hook.mjs", import.meta.url).href;

/** A process that was ended, or not started, because the rehearsal has failed elsewhere. */
export class Stopped extends Error {
  override name = "Stopped";
}

/** The processes of a rehearsal: none is left behind when it ends, however it ends. */
export class Processes {
  readonly #running = new Set<Running>();
  #over = false;

  /** Starts a process. What it writes to stderr as JSON lines with `touched` or `read` is noted, and not logged. */
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

  /** Ends all processes, and starts no others. */
  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all([...this.#running].map(stop));
  }
}

/** Ends a process, if it still runs, and waits for that. At once: a server would wait for its idle connections. */
export async function stop({ child, ended }: Running): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await ended.catch(() => {});
}

/** What a person reads of a process that failed: its last error, or else its last lines. */
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

/** What a process needs of this shell's environment to run at all. */
export function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "TMPDIR", "TEMP", "LANG", "SystemRoot", "USERPROFILE"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function start({ command, args, env, cwd, log, onLine }: StartOptions): Running {
  mkdirSync(dirname(log), { recursive: true });
  const file = createWriteStream(log, { flags: "a" });
  const child = spawn(command, args, {
    env: { ...inherited(), ...env },
    // Its input ends when this process does, however that comes: hook.mjs takes it for the end.
    stdio: ["pipe", "pipe", "pipe"],
    ...(cwd !== undefined && { cwd }),
  });
  child.stdin.on("error", () => {});
  // A full disk: what a process said is still heard, only not kept.
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
  // Whoever waits hears of it; who has not begun to wait must not bring the rehearsal down.
  ended.catch(() => {});
  return { ...running, ended };
}
