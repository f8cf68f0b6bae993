import { setImmediate } from "node:timers/promises";
import type { Adapter, Alert, Execution, Faults, Rehearsal, Watch } from "./adapter.ts";
import { happened, logged } from "./alerts.ts";
import { checkAllRan } from "./checks.ts";
import { called, type Declaration } from "./declaration.ts";
import { createDynamic } from "./dynamic.ts";
import { messageOf, UserError } from "./errors.ts";
import { type RunningFunction, startFunction } from "./functions.ts";
import { Grants } from "./grants.ts";
import { prepareJob } from "./jobs.ts";
import { night } from "./night.ts";
import { Processes, Stopped } from "./processes.ts";
import { serveRunAdmin } from "./run-admin-server.ts";
import { inOrder } from "./schedules.ts";

/** Where to rehearse a program, and how. */
export interface RehearseOptions {
  /** Absolute path of an empty folder that stands in for the cloud. */
  readonly out: string;
  /** How to make each type of resource. */
  readonly adapters: readonly Adapter[];
  /** Variables that every job and function gets in addition to its declared ones. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** More variables that the jobs get while the stack is deployed, before the schedules fire. @default none */
  readonly deployEnv?: Readonly<Record<string, string>>;
  /** Failures to inject. @default none */
  readonly faults?: Faults;
  /** Called with each alert that Cloud Monitoring would send. @default ignored */
  readonly onAlert?: (alert: Alert) => void;
  /** Called with each execution of a job when it starts. */
  readonly onExecution?: Watch;
  /**
   * Called instead of firing each schedule. It must call `fire`, which resolves to the target's answer, parsed from JSON. It is called
   * again for a schedule that is still waiting, once others have done their work.
   */
  readonly onSchedule?: (name: string, fire: () => Promise<unknown>) => Promise<void>;
}

/**
 * Runs on this machine what a program declares: makes each resource, creates the dynamic resources, which run jobs, and then fires
 * every schedule, in the order of their times of day. A schedule that is not answered 2xx calls again, as long as that changes anything.
 * Throws UserError that names the resource for anything that would fail in the cloud too.
 * @example
 * const declaration = await evaluate(() => import("./index.ts"), { project: "p", program: "shop", config: {}, adapters });
 * const { out } = await rehearse(declaration, { out: await mkdtemp("/tmp/rehearsal-"), adapters });
 */
export async function rehearse(declaration: Declaration, options: RehearseOptions): Promise<Rehearsal> {
  const { onExecution, onSchedule = async (_, fire) => void (await fire()) } = options;
  const rehearsal = newRehearsal(declaration, options);
  await realise(rehearsal);
  const schedules = inOrder(rehearsal.schedules);

  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failure.catch(() => {});
  const server = await serveRunAdmin(rehearsal, (execution, listen) => {
    onExecution?.(execution, listen);
    execution.over.then(() => {
      tell(rehearsal, execution);
      // During the deployment a failure ends everything. In the night the other steps notice it and continue.
      if (execution.failed !== undefined && deploying) fail(execution.failed);
    });
  });
  rehearsal.runAdmin = server.url;
  let deploying = true;
  const functions = new Map<string, RunningFunction>();
  try {
    // Ignore errors here: a job that cannot start fails again when it runs, and then the error names the job.
    for (const job of rehearsal.jobs.values()) prepareJob(rehearsal, job).catch(() => {});
    await Promise.race([
      failure,
      Promise.all([createDynamic(rehearsal), startFunctions(rehearsal, functions), makeBesides(rehearsal)]),
    ]);
    deploying = false;
    rehearsal.deployEnv = {};
    await night(rehearsal, schedules, functions, onSchedule);
    checkAllRan(rehearsal);
    for (const each of functions.values()) each.checkRead();
  } finally {
    await rehearsal.processes.stop();
    await server.close();
  }
  return rehearsal;
}

/**
 * Lets the adapters make each declared resource on this machine.
 * Throws one UserError that lists all resources of unknown types, or the error of the first resource that cannot be made.
 */
async function realise(rehearsal: Rehearsal): Promise<void> {
  const { declaration, adapters } = rehearsal;
  const realisers = new Map(adapters.flatMap(({ types }) => Object.entries(types)));
  const unknown = declaration.resources.filter(({ type }) => !realisers.has(type) && !type.startsWith("pulumi:"));
  if (unknown.length > 0) {
    const names = unknown.map((resource) => `  ${called(resource)}`).join("\n");
    throw new UserError(
      `no adapter knows the types of these declared resources:\n${names}\nAdd an adapter for these types`,
    );
  }
  for (const resource of declaration.resources) await realisers.get(resource.type)?.(rehearsal, resource);
  for (const { ready } of adapters) await ready?.(rehearsal);
}

/** Starts the functions while the jobs run, because each takes about a second. */
async function startFunctions(rehearsal: Rehearsal, functions: Map<string, RunningFunction>): Promise<void> {
  for (const [origin, fn] of rehearsal.functions) functions.set(origin, await startFunction(rehearsal, fn));
}

async function makeBesides(rehearsal: Rehearsal): Promise<void> {
  // The providers' first calls start the jobs: let those run before work that may keep this thread busy.
  await setImmediate();
  await Promise.all(rehearsal.adapters.map(({ besides }) => besides?.(rehearsal)));
}

/** Reports the end of an execution: Cloud Run counts it, and its output is in the log. */
function tell(rehearsal: Rehearsal, { job, failed, report }: Execution): void {
  if (failed instanceof Stopped) return;
  const name = String(job.inputs.name);
  const resource = { "resource.type": "cloud_run_job", "resource.labels.job_name": name };
  const result = failed === undefined ? "succeeded" : "failed";
  const metric = { "metric.type": "run.googleapis.com/job/completed_execution_count", "metric.labels.result": result };
  happened(rehearsal, {
    fields: { ...resource, ...metric },
    words: failed === undefined ? `${name} succeeded` : messageOf(failed),
  });
  for (const line of report?.lines ?? []) logged(rehearsal, { ...resource, ...payloadOf(line) });
}

/** The fields of a line of JSON, as Cloud Logging names them. */
function payloadOf(line: string): Record<string, string> {
  if (!line.startsWith("{")) return { textPayload: line };
  try {
    const fields = Object.entries(JSON.parse(line) as object);
    return Object.fromEntries(fields.map(([name, value]) => [`jsonPayload.${name}`, String(value)]));
  } catch {
    return { textPayload: line };
  }
}

/** The state of a rehearsal in which nothing has been made. */
function newRehearsal(
  declaration: Declaration,
  { out, adapters, env = {}, deployEnv = {}, faults = {}, onAlert = () => {} }: RehearseOptions,
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
