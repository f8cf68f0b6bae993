import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, UserError } from "../generator/errors.ts";
import { makeFolder } from "../generator/lake/folder.ts";

/*
 * The folder that `npm start` fills: the paths of its results, and how a run replaces the results of the last one.
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

/** The path of the DuckDB file that stands for BigQuery. */
export function warehouseFile({ out }: OutputFolder): string {
  return join(out, "warehouse.duckdb");
}

/** The URL of the DuckDB file, `duckdb:///…`, for `openWarehouse`. */
export function warehouseUrl(folder: OutputFolder): string {
  return pathToFileURL(warehouseFile(folder)).href.replace("file:", "duckdb:");
}

/** The folder inside the output folder in which a run works. A failed run leaves it there, with its logs. */
const RUN_FOLDER = ".run";

/** The folder inside RUN_FOLDER that holds the old results while the new ones replace them. It exists only once all work is done. */
const OLD = ".old";

/**
 * Calls `work` with an empty folder. After it succeeds, its results replace those of the last run in `out`. Until then, `out` keeps
 * the complete results of the last run.
 * Throws UserError if another run is using `out`, or if `out` cannot be written.
 */
export async function replaceResults<T>(out: string, work: (folder: string) => Promise<T>): Promise<T> {
  const unlock = await lock(out);
  try {
    const folder = join(out, RUN_FOLDER);
    // The last run succeeded, but was stopped while its results replaced the old ones: finish that first.
    if ((await readdir(folder).catch((): string[] => [])).includes(OLD)) await swap(out, folder);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const result = await work(folder);
    await swap(out, folder);
    return result;
  } finally {
    await unlock();
  }
}

/** Replaces the old results by the new ones. Rolls back if it fails, and can run again if it was interrupted. */
async function swap(out: string, folder: string): Promise<void> {
  const old = join(folder, OLD);
  await makeFolder(old);
  const names = (await readdir(folder)).filter((entry) => entry !== OLD);
  const moved: string[] = [];
  try {
    for (const name of names) {
      await rename(join(out, name), join(old, name)).catch(unlessMissing);
      moved.push(name);
      await rename(join(folder, name), join(out, name));
    }
  } catch (error) {
    for (const name of moved.reverse()) {
      await rename(join(out, name), join(folder, name)).catch(unlessMissing);
      await rename(join(old, name), join(out, name)).catch(unlessMissing);
    }
    await rm(old, { recursive: true });
    throw new UserError(
      `the results in ${out} cannot be replaced (${messageOf(error)}): that folder still holds the last run, and ${folder} holds the new one`,
    );
  }
  await rm(folder, { recursive: true });
}

/** Locks the folder for this process, and returns a function that unlocks it. Takes over the lock of a process that has ended. */
async function lock(out: string): Promise<() => Promise<void>> {
  const file = join(out, ".pid");
  const take = () => writeFile(file, String(process.pid), { flag: "wx" });
  try {
    await makeFolder(out);
    await take().catch(async (error) => {
      const pid = Number(await readFile(file, "utf8").catch(() => ""));
      if (isAlive(pid))
        throw new UserError(`process ${pid} is writing to ${out}: wait until it is done, or choose another --out`);
      await rm(file, { recursive: true, force: true });
      if (error.code !== "EEXIST") throw error;
      await take();
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    const isFile = await stat(out)
      .then((found) => !found.isDirectory())
      .catch(() => false);
    throw new UserError(
      `${out} cannot be written to: ${isFile ? "it is a file" : messageOf(error)}; choose another folder by --out, or allow writing to it`,
    );
  }
  return () => rm(file, { force: true });
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process is running, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
