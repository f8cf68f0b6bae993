import type { Adapter, Rehearsal, Watch } from "./adapter.ts";
import { checkAllRan } from "./checks.ts";
import { called, type Declaration, need } from "./declaration.ts";
import { createDynamic } from "./dynamic.ts";
import { UserError } from "./errors.ts";
import { type RunningFunction, startFunction } from "./functions.ts";
import { prepareJob } from "./jobs.ts";
import { newRehearsal } from "./rehearsal.ts";
import { serveRunAdmin } from "./run-admin-server.ts";
import { fire, inOrder } from "./schedules.ts";

export interface RehearseOptions {
  /** Absolute path of an empty folder that stands for the cloud. */
  readonly out: string;
  /** How to make each type of resource. */
  readonly adapters: readonly Adapter[];
  /** Variables that every job and function gets in addition to its declared ones. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each execution of a job when it starts. */
  readonly onExecution?: Watch;
  /** Called instead of firing each schedule. It must call `fire`, which resolves to the target's answer, parsed from JSON. */
  readonly onSchedule?: (name: string, fire: () => Promise<unknown>) => Promise<void>;
}

/**
 * Runs on this machine what a program declares: makes each resource, creates the dynamic resources, which run jobs, and then fires
 * every schedule once, in the order of their times of day.
 * Throws UserError that names the resource for anything that would fail in the cloud too.
 * @example
 * const declaration = await evaluate(() => import("./index.ts"), { project: "p", program: "shop", config: {}, adapters });
 * const { out } = await rehearse(declaration, { out: await mkdtemp("/tmp/rehearsal-"), adapters });
 */
export async function rehearse(declaration: Declaration, options: RehearseOptions): Promise<Rehearsal> {
  const { out, adapters, env = {}, onExecution, onSchedule = async (_, fire) => void (await fire()) } = options;
  const rehearsal = newRehearsal(declaration, out, adapters, env);
  await realise(rehearsal);
  const schedules = inOrder(rehearsal.schedules);

  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failure.catch(() => {});
  const server = await serveRunAdmin(rehearsal, (execution, listen) => {
    onExecution?.(execution, listen);
    execution.over.then(() => execution.failed !== undefined && fail(execution.failed));
  });
  rehearsal.runAdmin = server.url;
  const functions = new Map<string, RunningFunction>();
  try {
    // Ignore errors here: a job that cannot start fails again when it runs, and then the error names the job.
    for (const job of rehearsal.jobs.values()) prepareJob(rehearsal, job).catch(() => {});
    await Promise.race([failure, Promise.all([createDynamic(rehearsal), startFunctions(rehearsal, functions)])]);
    for (const schedule of schedules) {
      await onSchedule(need(schedule, "name"), () => fire(rehearsal, schedule, functions));
      await Promise.race([failure, allOver(rehearsal)]);
    }
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

async function allOver({ executions }: Rehearsal): Promise<void> {
  await Promise.all([...executions.values()].map(({ over }) => over));
}
