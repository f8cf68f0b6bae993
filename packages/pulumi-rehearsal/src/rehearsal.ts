import { join } from "node:path";
import type { Rehearsal } from "./adapter.ts";

/**
 * Gives an adapter a value of its own for each rehearsal, to store what it needs later.
 * @returns a function that returns the value of a rehearsal. The first call makes it.
 * @example
 * const queues = perRehearsal(() => new Map<string, Declared>());
 * queues(rehearsal).set(name, queue);
 */
export function perRehearsal<T extends object>(make: () => T): (rehearsal: Rehearsal) => T {
  const values = new WeakMap<Rehearsal, T>();
  return (rehearsal) => {
    const value = values.get(rehearsal) ?? make();
    values.set(rehearsal, value);
    return value;
  };
}

/**
 * The absolute path of the folder that stands in for a bucket.
 * @example
 * await readdir(bucketFolder(rehearsal, "sales"));
 */
export function bucketFolder({ out }: Pick<Rehearsal, "out">, bucket: string): string {
  return join(out, "bucket", bucket);
}

/**
 * The absolute path of the file with the output of a job or function, by its name in the cloud.
 * @example
 * await readFile(logFile(rehearsal, "nightly-job"), "utf8");
 */
export function logFile({ out }: Pick<Rehearsal, "out">, name: string): string {
  return join(out, "logs", `${name}.log`);
}
