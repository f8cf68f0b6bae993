import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, UserError } from "../generator/errors.ts";
import { makeFolder } from "../generator/lake/folder.ts";

/*
 * The folder that `npm start` fills: the paths of its results, and how a run replaces the results of the last one.
 *
 *   .runs/run-…/         the results of one run; a running or failed run has one, too
 *   .current             a link to the last complete one: renaming it over the old link replaces all results at once
 *   report, …            for each result, a link into .current with a name that people find
 *   .lock, .pid          the lock of the run that is under way, and its process
 */

/** A folder that `npm start` fills. */
interface OutputFolder {
  /** Its absolute path. */
  readonly out: string;
}

/** The folder of the reports that a person opens. In the cloud, the report job writes the same pages to a bucket. */
export function reportFolder({ out }: OutputFolder): string {
  return join(out, "report");
}

/**
 * The DuckDB files that stand in for BigQuery. Only one process at a time can write to a file, so the clean room has one of its own, and
 * both demos can be filled at the same time.
 */
export const databases = { cleanRoom: "clean-room.duckdb", warehouse: "warehouse.duckdb" } as const;
/** A DuckDB file that stands in for BigQuery. */
export type Database = (typeof databases)[keyof typeof databases];

/** The URL of a DuckDB file in the folder, `duckdb:///…`, for `openWarehouse`. */
export function databaseUrl({ out }: OutputFolder, database: Database): string {
  return pathToFileURL(join(out, database)).href.replace("file:", "duckdb:");
}

/** The DuckDB files that the last run made. */
export function databasesIn({ out }: OutputFolder): Database[] {
  return Object.values(databases).filter((name) => existsSync(join(out, name)));
}

const RUNS = ".runs";
const CURRENT = ".current";
/** The folder for results of an earlier layout, which had no links. */
const EARLIER = "earlier";

/**
 * Calls `work` with an empty folder. After it succeeds, its results replace all results of the last run in `out` at once. Until then,
 * and if this process is killed at any moment, `out` keeps the complete results of the last run.
 * Throws UserError if another run is using `out`, or if `out` cannot be written.
 */
export async function replaceResults<T>(out: string, work: (folder: string) => Promise<T>): Promise<T> {
  const unlock = await lock(out);
  try {
    await adoptEarlier(out);
    await keepOthers(out, RESULTS);
    await removeOtherRuns(out);
    // Each run has its own folder, so a process left behind by an interrupted run cannot write into this one's.
    const folder = join(out, RUNS, `run-${randomUUID()}`);
    await mkdir(folder);
    try {
      const result = await work(folder);
      await publish(out, folder).catch((error) => {
        throw new UserError(
          `the results in ${out} cannot be replaced (${messageOf(error)}): that folder still holds the last run, and ${folder} holds the new one`,
        );
      });
      return result;
    } catch (error) {
      if (await stat(folder).catch(() => undefined)) throw error;
      throw new UserError(`${folder} was removed while this command wrote to it: run it again`);
    }
  } finally {
    await unlock();
  }
}

/** Makes the run in `folder` the current one. */
async function publish(out: string, folder: string): Promise<void> {
  const names = await readdir(folder);
  await keepOthers(out, names);
  // Links to missing results do no harm, so create the links first, and then switch to the new results in one step.
  for (const name of names) await link(out, name);
  await replaceLink(join(out, CURRENT), join(RUNS, basename(folder)));
  for (const name of await readdir(out))
    if (!names.includes(name) && (await isResult(out, name))) await rm(join(out, name));
  await removeOtherRuns(out);
}

/** Links a result into `.current`. */
async function link(out: string, name: string): Promise<void> {
  if (await isResult(out, name)) return;
  await symlink(join(CURRENT, name), join(out, name));
}

/** Throws UserError if the folder holds other files under these names: a folder `report` may be the person's own. */
async function keepOthers(out: string, names: readonly string[]): Promise<void> {
  const own: string[] = [];
  for (const name of names)
    if (!(await isResult(out, name)) && (await lstat(join(out, name)).catch(() => undefined))) own.push(name);
  if (own.length > 0)
    throw new UserError(
      `${out} holds ${own.join(", ")}, not made by npm start: choose another --out, or move ${own.length > 1 ? "them" : "it"} away`,
    );
}

async function isResult(out: string, name: string): Promise<boolean> {
  return (await readlink(join(out, name)).catch(() => "")) === join(CURRENT, name);
}

async function replaceLink(path: string, target: string): Promise<void> {
  await rm(`${path}.new`, { force: true });
  await symlink(target, `${path}.new`);
  await rename(`${path}.new`, path);
}

/** Removes the folders of failed, interrupted and replaced runs. A process that still writes into one may keep it until the next run. */
async function removeOtherRuns(out: string): Promise<void> {
  const current = basename(await readlink(join(out, CURRENT)).catch(() => ""));
  for (const run of await readdir(join(out, RUNS)))
    if (run !== current) await rm(join(out, RUNS, run), { recursive: true, force: true }).catch(() => {});
}

/** The results of a version of this program that kept them in `out` itself: moves them into a run's folder, and links them. */
async function adoptEarlier(out: string): Promise<void> {
  const run = join(out, RUNS, EARLIER);
  const current = await readlink(join(out, CURRENT)).catch(() => undefined);
  const isReal = (path: string) =>
    lstat(path).then(
      (found) => !found.isSymbolicLink(),
      () => false,
    );
  await makeFolder(join(out, RUNS));
  const begun = current === join(RUNS, EARLIER);
  if (!begun && (current !== undefined || !(await isReal(join(out, databases.warehouse))))) return;
  await makeFolder(run);
  if (!begun) await replaceLink(join(out, CURRENT), join(RUNS, EARLIER));
  for (const name of RESULTS) {
    if (await isReal(join(out, name))) await rename(join(out, name), join(run, name));
    if (await isReal(join(run, name))) await link(out, name);
  }
  await rm(join(out, ".run"), { recursive: true, force: true });
}

/** All results that a run makes. */
const RESULTS = [
  ...Object.values(databases),
  "report",
  "answers",
  "bucket",
  "logs",
  "thelook",
  "clean-room.json",
  "clean-room-budget.jsonl",
  "clean-room-usage.jsonl",
];

/**
 * Locks the folder for this process, and returns a function that unlocks it. The operating system drops the lock when the process ends,
 * however it ends, so there is no stale lock to take over.
 */
async function lock(out: string): Promise<() => Promise<void>> {
  const pid = join(out, ".pid");
  try {
    await makeFolder(out);
    const release = await lockFile(join(out, ".lock"));
    if (release === undefined) {
      const holder = await readFile(pid, "utf8").catch(() => "");
      throw new UserError(
        `${holder === "" ? "another process" : `process ${holder}`} is writing to ${out}: wait until it is done, or choose another --out`,
      );
    }
    // This file only serves the message to others; the lock is the other file.
    await writeFile(pid, String(process.pid));
    return async () => {
      await rm(pid, { force: true });
      release();
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    const isFile = await stat(out)
      .then((found) => !found.isDirectory())
      .catch(() => false);
    throw new UserError(
      `${out} cannot be written to: ${isFile ? "it is a file" : messageOf(error)}; choose another folder with --out, or allow writing to it`,
    );
  }
}

/**
 * Takes the lock of an empty SQLite database, which is a lock of the operating system: Node offers no other. Returns undefined if it is
 * taken. Never removes the file: a process that has opened it would hold the lock of a file that others cannot find.
 */
async function lockFile(path: string): Promise<(() => void) | undefined> {
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // Without a journal, a killed process leaves no other file.
    database.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
    return () => database.close();
  } catch (error) {
    database.close();
    const SQLITE_BUSY = 5;
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}
