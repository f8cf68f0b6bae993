import type { Declaration, Declared } from "./declaration.ts";
import type { Grants, Kind } from "./grants.ts";
import type { Processes, Touch } from "./processes.ts";

/*
 * The types that adapters are written against. An adapter makes resources of some types on this machine. A rehearsal holds what has
 * been declared and made so far.
 */

/**
 * Makes resources of some types on this machine. Only `types` is required.
 * @example
 * const topics: Adapter = {
 *   types: { "gcp:pubsub/topic:Topic": (rehearsal, topic) => rehearsal.touchable.set(`topic/${topic.inputs.name}`, [topic]) },
 *   kinds: { topic: { roles: { write: ["roles/pubsub.publisher"] } } },
 * };
 */
export interface Adapter {
  /** Makes a resource, by Pulumi's type token. Called after those of the resource's dependencies. */
  readonly types: Readonly<Record<string, Realise>>;
  /** Computes the id and the outputs that the cloud returns when it creates a resource, by type token. */
  readonly outputs?: Readonly<Record<string, ComputeOutputs>>;
  /** The kinds of things that roles are granted on, by the first part of a thing's name, such as `bucket` in `bucket/NAME`. */
  readonly kinds?: Readonly<Record<string, Kind>>;
  /** Called once after all resources are made and before anything runs. */
  readonly ready?: (rehearsal: Rehearsal) => void | Promise<void>;
  /**
   * Called once, after `ready`, while the first jobs run: for what takes seconds and no job needs. The schedules fire after it is done. For a
   * file or server that jobs use too, wait with `holding`.
   */
  readonly besides?: (rehearsal: Rehearsal) => void | Promise<void>;
  /** Run containers that do not start Node. The first runner that matches is used. */
  readonly runners?: readonly Runner[];
  /** Returns the file or server that this container uses and that not every container can use at the same time. */
  readonly lock?: (rehearsal: Rehearsal, container: Container) => Lock | undefined;
  /** Returns variables that the processes of jobs and functions need only in a rehearsal, by the account that they run as. */
  readonly variables?: (rehearsal: Rehearsal, account: string) => Readonly<Record<string, string>>;
  /** Checks the variables of a job or function before it runs. Throws UserError. */
  readonly checkEnvironment?: (rehearsal: Rehearsal, by: Declared, env: Readonly<Record<string, string>>) => void;
  /** Checks what a job or function touched, after the grants have been checked. Throws UserError. */
  readonly checkTouched?: (rehearsal: Rehearsal, by: Declared, account: string, touched: readonly Touch[]) => void;
  /**
   * Node packages that jobs and functions need only in a rehearsal, so that their bundles can leave them out: the name, and the URL of
   * a module that can import it, usually `import.meta.url`.
   */
  readonly packages?: Readonly<Record<string, string>>;
}

/** Makes a resource on this machine. Throws UserError for a resource that the cloud would refuse. */
export type Realise = (rehearsal: Rehearsal, resource: Declared) => void | Promise<void>;

/** Computes the id of a resource, and its outputs that are not inputs. */
export type ComputeOutputs = (inputs: Record<string, unknown>, place: Place) => Computed;

/** The project and location of a resource. */
export interface Place {
  readonly project: string;
  /** A region, a zone, or a location such as `US`. */
  readonly location: string;
}

/** The part of a resource that the cloud adds. */
export interface Computed {
  readonly id: string;
  readonly outputs?: Record<string, unknown>;
}

/** A rehearsal in progress or at its end. */
export interface Rehearsal {
  readonly declaration: Declaration;
  readonly adapters: readonly Adapter[];
  /** The absolute path of the folder that stands for the cloud. A bucket is the subfolder `bucket/NAME`. */
  readonly out: string;
  /** Variables that every job and function gets in addition to its declared ones. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables that the jobs of the deployment get besides: `rehearse` empties it before the schedules fire. */
  deployEnv: Readonly<Record<string, string>>;
  /** Makes executions fail or last, to see what follows. */
  readonly faults: Faults;
  /** Receives each alert that the cloud would send. */
  readonly onAlert: (alert: Alert) => void;
  readonly grants: Grants;
  /** Service accounts by e-mail address. */
  readonly accounts: Map<string, Declared>;
  /** The things that a process can touch, such as `bucket/NAME`: the resource that declares it, and those that belong to it. */
  readonly touchable: Map<string, Declared[]>;
  /** Cloud Run jobs by full name, `projects/P/locations/R/jobs/J`. */
  readonly jobs: Map<string, Declared>;
  /** Functions by their URL in the cloud. */
  readonly functions: Map<string, Declared>;
  readonly schedules: Declared[];
  /** Alert policies and notification channels, by their full names. */
  readonly policies: Declared[];
  readonly channels: Map<string, Declared>;
  /** Metrics that count log entries, and the names of those that counted any. */
  readonly logMetrics: Declared[];
  readonly counted: Set<string>;
  /** Dynamic resources that their own providers create, and the hooks around that. */
  readonly dynamic: Map<Declared, ProviderHooks>;
  /** Executions of jobs by full name. */
  readonly executions: Map<string, Execution>;
  readonly processes: Processes;
  /** URNs of the jobs and functions that have run. */
  readonly ran: Set<string>;
  /** Address of the server that answers as the Cloud Run Admin API. */
  runAdmin?: string;
}

/** Faults to inject. Tests and demonstrations use them to see what a failure leads to. */
export interface Faults {
  /**
   * Called before an execution of a job runs. Throw an error to make the execution fail with its message; wait to make it late.
   * @param attempt how often the job has been started, from 1
   */
  readonly execution?: (job: string, attempt: number) => void | Promise<void>;
  /** Called before each call of a schedule. @param attempt how often the schedule has called, from 1 */
  readonly call?: (schedule: string, attempt: number) => void | Promise<void>;
}

/** An alert that Cloud Monitoring would send. */
export interface Alert {
  /** The name of the alert policy. */
  readonly policy: string;
  /** The addresses of its notification channels. */
  readonly to: readonly string[];
  /** The event that raised it, in words. */
  readonly because: string;
}

/** Called before and after a dynamic resource is created. */
export interface ProviderHooks {
  /** Called before the provider creates the resource. Throws UserError if the cloud would refuse it. */
  readonly before?: (rehearsal: Rehearsal, resource: Declared) => void;
  /** Called with the outputs that the provider returned. */
  readonly after?: (rehearsal: Rehearsal, resource: Declared, outs: Record<string, unknown>) => void;
}

/** Runs containers that do not start Node, by something on this machine. */
export interface Runner {
  /** Whether this runner can run a container. */
  matches(container: Container): boolean;
  /** Called for each job when the rehearsal starts, for work that needs no data. Its errors are ignored: `run` must throw them again. */
  prepare?(rehearsal: Rehearsal, container: Container): Promise<void>;
  /**
   * Executes the job. Throws UserError that names the job if it fails.
   * @param tell receives each line of output while the job runs
   */
  run(rehearsal: Rehearsal, container: Container, tell: (line: string) => void): Promise<Done>;
}

/** The output of a finished job, and the resources that it touched. */
export interface Done {
  /** The output of all tasks. */
  readonly lines: readonly string[];
  readonly touched: readonly Touch[];
}

/** The container of a job. Paths in mounted buckets are replaced by paths of this machine. */
export interface Container {
  readonly job: Declared;
  /** The execution's short name, which all its tasks share. */
  readonly execution: string;
  /** The e-mail address of the service account that it runs as. */
  readonly account: string;
  readonly image: string;
  /** The program, or undefined if the image's own entry point is used. */
  readonly command: string | undefined;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** The path of the file for its output. */
  readonly log: string;
}

/** A lock on a file or server. Those who only read can share it. */
export interface Lock {
  readonly name: string;
  /** Whether the holder only reads. @default false */
  readonly shared?: boolean;
}

/** A bucket mounted into a container. */
export interface Mount {
  readonly path: string;
  readonly bucket: string;
  /** The folder that stands for the bucket. */
  readonly folder: string;
  readonly readOnly: boolean;
}

/** The output of an execution, the resources that it touched, and its account. */
export interface JobReport extends Done {
  readonly account: string;
  /** The declared bucket objects that its arguments and variables name. */
  readonly objects: readonly Declared[];
}

/** An execution of a job, running or finished. */
export interface Execution {
  readonly name: string;
  readonly job: Declared;
  /** When it was started, in RFC 3339. */
  readonly createTime: string;
  /** Resolves when the execution is finished, whether it succeeded or failed. */
  readonly over: Promise<void>;
  /** Set when the execution has succeeded. */
  report?: JobReport;
  /** The error, set when the execution has failed. */
  failed?: unknown;
}

/** Called with each execution when it starts. `listen` adds a listener for the lines that its processes write. */
export type Watch = (execution: Execution, listen: Listen) => void;

/** Adds a listener for the lines that the processes of an execution write. */
export type Listen = (hear: (line: string) => void) => void;
