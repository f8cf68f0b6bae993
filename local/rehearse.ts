import { UserError } from "../generator/errors.ts";
import type { DbtServer } from "./dbt-server.ts";
import { called, type Declaration, need } from "./declaration.ts";
import { type RunningFunction, startFunction } from "./functions.ts";
import { createJobRuns } from "./job-runs.ts";
import { prepareJob } from "./jobs.ts";
import { realise } from "./realise.ts";
import { type Execution, type RunAdminServer, serveRunAdmin, type Watch } from "./run-admin.ts";
import { fire, inOrder } from "./schedules.ts";
import { newWorld, type Surroundings, type World } from "./world.ts";

export interface RehearseOptions extends Surroundings {
  /** Absolute folder that everything lands in, empty. */
  readonly out: string;
  readonly dbt: DbtServer;
  /** Told of each execution of a job as it starts. */
  readonly watch?: Watch;
  /** Wraps the firing of a schedule, to show it. */
  readonly show?: (title: string, work: () => Promise<unknown>) => Promise<void>;
}

/**
 * Does on this machine what is declared: makes what stands for each resource, runs what `pulumi up` runs, and then fires every
 * schedule once, in the order of their times. Throws UserError that names the resource for what would not work in the cloud.
 */
export async function rehearse(declaration: Declaration, options: RehearseOptions): Promise<World> {
  const { out, dbt, watch, show = async (_, work) => void (await work()), ...surroundings } = options;
  const world = newWorld(declaration, out, dbt, surroundings);
  await realise(world);
  const schedules = inOrder(world.schedules);

  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failure.catch(() => {});
  const server = await serveRunAdmin(world, (execution, listen) => {
    watch?.(execution, listen);
    execution.over.then(() => execution.failed !== undefined && fail(execution.failed));
  });
  world.runAdmin = server.url;
  const functions = new Map<string, RunningFunction>();
  try {
    // What is wrong with a job is said when it runs.
    for (const job of world.jobs.values()) prepareJob(world, job).catch(() => {});
    await Promise.all([createJobRuns(world, server, failure), startFunctions(world, functions)]);
    for (const schedule of schedules) {
      await show(need(schedule, "name"), () => fire(world, schedule, server, functions));
      await Promise.race([failure, allOver(server)]);
    }
    checkAllRehearsed(world);
    for (const each of functions.values()) each.checkRead();
  } finally {
    await world.processes.stop();
    await server.close();
  }
  return world;
}

/** Started while the jobs run, since each takes its second. */
async function startFunctions(world: World, functions: Map<string, RunningFunction>): Promise<void> {
  for (const [origin, fn] of world.functions) functions.set(origin, await startFunction(world, fn));
}

async function allOver({ executions }: RunAdminServer): Promise<void> {
  await Promise.all([...executions.values()].map(({ over }: Execution) => over));
}

/** What nothing runs cannot be rehearsed, and is of no use in the cloud either. */
function checkAllRehearsed({ jobs, functions, rehearsed }: World): void {
  const idle = [...jobs.values(), ...functions.values()].filter(({ urn }) => !rehearsed.has(urn));
  if (idle.length === 0) return;
  throw new UserError(
    `nothing declared runs these; is a schedule aimed at something else?\n${idle.map((each) => `  ${called(each)}`).join("\n")}`,
  );
}
