import { join } from "node:path";
import type { Adapter, Alert, Faults, Rehearsal } from "./adapter.ts";
import type { Declaration } from "./declaration.ts";
import { Grants } from "./grants.ts";
import { Processes } from "./processes.ts";

/** The state of a rehearsal in which nothing has been made. */
export function newRehearsal(
  declaration: Declaration,
  out: string,
  adapters: readonly Adapter[],
  env: Readonly<Record<string, string>>,
  {
    deployEnv = {},
    faults = {},
    onAlert = () => {},
  }: {
    deployEnv?: Readonly<Record<string, string>> | undefined;
    faults?: Faults | undefined;
    onAlert?: ((alert: Alert) => void) | undefined;
  } = {},
): Rehearsal {
  return {
    declaration,
    adapters,
    out,
    env,
    deployEnv,
    faults,
    onAlert,
    grants: new Grants(Object.assign({}, ...adapters.map(({ kinds }) => kinds))),
    accounts: new Map(),
    touchable: new Map(),
    jobs: new Map(),
    functions: new Map(),
    schedules: [],
    policies: [],
    channels: new Map(),
    logMetrics: [],
    counted: new Set(),
    dynamic: new Map(),
    executions: new Map(),
    processes: new Processes(),
    ran: new Set(),
  };
}

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
