import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, UserError } from "../generator/errors.ts";
import { makeFolder } from "../generator/lake/folder.ts";

/** Where a run works, inside the folder that its results go to; what an unfinished run left there tells what it did. */
export const WORKSHOP = ".run";

/**
 * Does `work` in an empty folder, and puts what it made there in place of what the last run made in `out`, when all of it is done.
 * Until then `out` holds the last run, whole. One run at a time: throws UserError where another one is at work, and where `out`
 * cannot be written.
 */
export async function aside<T>(out: string, work: (folder: string) => Promise<T>): Promise<T> {
  const release = await occupy(out);
  try {
    const folder = join(out, WORKSHOP);
    // A run that was all done, and stopped while it took the old one's place.
    if ((await readdir(folder).catch((): string[] => [])).includes(OLD)) await swap(out, folder);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const result = await work(folder);
    await swap(out, folder);
    return result;
  } finally {
    await release();
  }
}

/** Where the last run's results go while the new ones take their place; it is there only when all work is done. */
const OLD = ".old";

/** Puts the new results in place of the old. Can be done again after it was cut off; an error puts the old ones back. */
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
      `${out} cannot be renewed (${messageOf(error)}): it holds the last run, the new one is in ${folder}`,
    );
  }
  await rm(folder, { recursive: true });
}

/** Takes the folder for this process, and returns how to give it free. A process that has ended holds it no more. */
async function occupy(out: string): Promise<() => Promise<void>> {
  const mark = join(out, ".pid");
  const take = () => writeFile(mark, String(process.pid), { flag: "wx" });
  try {
    await makeFolder(out);
    await take().catch(async (error) => {
      const pid = Number(await readFile(mark, "utf8").catch(() => ""));
      if (isAlive(pid))
        throw new UserError(`${out} is being filled by process ${pid}: wait for it, or choose another --out`);
      await rm(mark, { recursive: true, force: true });
      if (error.code !== "EEXIST") throw error;
      await take();
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    const isFile = await stat(out)
      .then((found) => !found.isDirectory())
      .catch(() => false);
    throw new UserError(
      `${out} cannot be filled: ${isFile ? "it is a file" : messageOf(error)}; choose another folder by --out, or allow writing there`,
    );
  }
  return () => rm(mark, { force: true });
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process is not ours to signal, and alive all the same.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
