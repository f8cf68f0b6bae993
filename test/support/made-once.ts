import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** `npm test` names a folder for all its processes (test/run.ts); a process that runs alone makes its own. */
const place = process.env.MADE_ONCE ?? ownFolder();

const asked = new Map<string, Promise<string>>();

/**
 * A folder whose making takes seconds, made by the first test that asks for it, in whichever process. Its files must not be changed:
 * copy them.
 * @param name tells it from others: everything that `make` depends on and that differs between callers
 * @param make fills the folder, whose path is another one once it is made
 * @returns the folder's path
 */
export function madeOnce(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const known = asked.get(name) ?? madeInOneProcess(name, make);
  asked.set(name, known);
  return known;
}

async function madeInOneProcess(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(place, name);
  const lock = `${folder}.lock`;
  while (!existsSync(folder)) {
    if (!tryToMake(lock)) {
      await sleep(50);
      continue;
    }
    try {
      if (existsSync(folder)) continue;
      const half = `${folder}.half`;
      rmSync(half, { recursive: true, force: true });
      mkdirSync(half);
      await make(half);
      renameSync(half, folder);
    } finally {
      rmdirSync(lock);
    }
  }
  return folder;
}

function tryToMake(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "made-once-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
