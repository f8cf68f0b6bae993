import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { DbtServer } from "./dbt-server.ts";
import type { Declaration, Declared } from "./declaration.ts";
import { Grants } from "./grants.ts";
import { Processes, type TouchedResource } from "./processes.ts";
import { newSharing, type Sharing } from "./sharing.ts";

/** What a rehearsal cannot learn from the declaration. */
export interface Surroundings {
  /** Where thelook comes from, the one thing that is not on a laptop: `file:///FOLDER` or `synthetic:`. */
  readonly thelook: string;
  /** The last day of the coffee shop's data, where a person chose one. */
  readonly until?: string;
}

/** A rehearsal under way: what is declared, and what stands for it on this machine. */
export interface World {
  readonly declaration: Declaration;
  /** Absolute folder that everything lands in. */
  readonly out: string;
  readonly surroundings: Surroundings;
  /** Address of the Cloud Run Admin API that stands for Google's. */
  runAdmin?: string;
  readonly grants: Grants;
  /** Service accounts by e-mail address. */
  readonly accounts: Map<string, Declared>;
  /** Buckets by name; the folder of one is `bucketFolder`. */
  readonly buckets: Map<string, Declared>;
  /** Datasets by id, and their tables. */
  readonly datasets: Map<string, { readonly dataset: Declared; readonly tables: Declared[] }>;
  readonly sharing: Sharing;
  /** Cloud Run jobs by full name, `projects/P/locations/R/jobs/J`. */
  readonly jobs: Map<string, Declared>;
  /** Functions by the address that Google gives them. */
  readonly functions: Map<string, Declared>;
  readonly processes: Processes;
  readonly dbt: DbtServer;
  /** Does some work when no other has the warehouse: one process at a time may hold a DuckDB file open. */
  readonly inWarehouse: <T>(work: () => Promise<T>) => Promise<T>;
  readonly schedules: Declared[];
  readonly jobRuns: Declared[];
  /** Names of jobs and functions that were run: what nothing runs is not rehearsed. */
  readonly rehearsed: Set<string>;
}

export function newWorld(declaration: Declaration, out: string, dbt: DbtServer, surroundings: Surroundings): World {
  return {
    declaration,
    out,
    surroundings,
    grants: new Grants(),
    accounts: new Map(),
    buckets: new Map(),
    datasets: new Map(),
    sharing: newSharing(),
    jobs: new Map(),
    functions: new Map(),
    processes: new Processes(),
    dbt,
    inWarehouse: turns(),
    schedules: [],
    jobRuns: [],
    rehearsed: new Set(),
  };
}

export function bucketFolder({ out }: Pick<World, "out">, bucket: string): string {
  return join(out, "bucket", bucket);
}

/** Where the reports are for a person to open, beside the bucket that they are written to. */
export function reportFolder({ out }: Pick<World, "out">): string {
  return join(out, "report");
}

export function warehouseFile({ out }: Pick<World, "out">): string {
  return join(out, "warehouse.duckdb");
}

/** The warehouse as the runtime opens it. */
export function warehouseUrl(world: Pick<World, "out">): string {
  return pathToFileURL(warehouseFile(world)).href.replace("file:", "duckdb:");
}

export function logFile({ out }: Pick<World, "out">, name: string): string {
  return join(out, "logs", `${name}.log`);
}

/** The declared resource that a process says it touched, and what belongs to it; undefined where none is declared. */
export function declaredAs(world: World, touched: TouchedResource): Declared[] | undefined {
  const [kind, name = ""] = touched.split("/");
  if (kind === "bucket") return one(world.buckets.get(name));
  if (kind === "job") return one([...world.jobs.values()].find(({ inputs }) => inputs.name === name));
  const found = world.datasets.get(name);
  return found && [found.dataset, ...found.tables];
}

function one(resource: Declared | undefined): Declared[] | undefined {
  return resource && [resource];
}

function turns(): World["inWarehouse"] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
}
