import * as fs from "node:fs/promises";
import { writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

/*
 * A process that replaces the results in a folder: node swap-worker.ts OUT TEXT [STEP]
 * It writes TEXT into each result. With STEP, it kills itself before it changes the file system for the STEP-th time. Without, it waits
 * for a line on standard input before it locks the folder, and for another before it releases the lock.
 */

export const RESULTS = ["a", "b", "c"];

if (process.argv[1] === import.meta.filename) {
  const [out = "", text = "", step] = process.argv.slice(2);
  let left = Number(step);
  if (step !== undefined) {
    const patched = (fs as unknown as { default: Record<string, (...args: unknown[]) => unknown> }).default;
    for (const name of ["mkdir", "mkdtemp", "rename", "rm", "symlink", "writeFile"]) {
      const call = patched[name] as (...args: unknown[]) => unknown;
      patched[name] = (...args) => {
        if (--left === 0) process.kill(process.pid, "SIGKILL");
        return call(...args);
      };
    }
    syncBuiltinESMExports();
  }
  const { replaceResults } = await import("../../local/output-folder.ts");
  // The iterator keeps a line that comes before it is asked for.
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const line = async () => {
    if (step === undefined) await lines.next();
  };
  console.log("ready");
  await line();
  try {
    await replaceResults(out, async (folder) => {
      console.log("in");
      // A new run has a result more, and one less.
      for (const name of [...RESULTS, `only-${text}`]) await writeFile(join(folder, name), text);
      await line();
    });
    console.log("done");
  } catch (error) {
    console.log(`error: ${(error as Error).message}`);
    process.exitCode = 1;
  }
  process.stdin.destroy();
}
