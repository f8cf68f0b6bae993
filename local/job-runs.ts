import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkOrder } from "./accounts.ts";
import { closureOf, type Declared, need, wrong } from "./declaration.ts";
import { DEPLOYER, type RunAdminServer } from "./run-admin.ts";
import { writeContent } from "./storage.ts";
import type { World } from "./world.ts";

/** A dynamic resource's provider, as far as it is asked here. */
interface Provider {
  create(inputs: Record<string, unknown>): Promise<{ outs?: { execution?: string } }>;
}

/**
 * Creates the declared JobRuns as `pulumi up` does: each after those it depends on, the others at the same time.
 * Throws the error of the first execution that fails, and UserError for a run that does not wait for what its job needs.
 */
export async function createJobRuns(world: World, server: RunAdminServer, failure: Promise<never>): Promise<void> {
  const created = new Map<string, Promise<void>>();
  for (const run of world.jobRuns) {
    const before = closureOf(world.declaration, run);
    const earlier = [...created].filter(([urn]) => before.has(urn)).map(([, done]) => done);
    created.set(
      run.urn,
      Promise.all(earlier).then(() => createJobRun(world, server, run)),
    );
  }
  await Promise.race([failure, Promise.all(created.values())]);
}

async function createJobRun(world: World, { executions, url }: RunAdminServer, run: Declared): Promise<void> {
  const job = need<string>(run, "job");
  const declared = world.jobs.get(job);
  if (declared === undefined) throw wrong(run, `runs ${job}, and no such job is declared`);
  // The provider's process has these of the person who runs Pulumi.
  process.env.GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT = url;
  process.env.GOOGLE_OAUTH_ACCESS_TOKEN = DEPLOYER;
  const { outs } = await (await providerOf(world, run)).create(run.inputs);
  const report = executions.get(outs?.execution ?? "")?.report;
  if (report === undefined) throw wrong(run, "was created and names no execution that succeeded");
  checkOrder(world, run, report);
}

/**
 * The provider as Pulumi keeps it, as text. It runs here as it does in Pulumi's own process, but for what it prints, which goes
 * nowhere, and for its timers, which keep nobody waiting.
 */
async function providerOf({ out }: World, run: Declared): Promise<Provider> {
  const file = join(out, "providers", `${run.name}.cjs`);
  const text = need<string>(run, "__provider");
  await writeContent(file, {
    text: `module.exports = (console, setTimeout) => {\nconst exports = {};\n${text}\nreturn exports;\n};\n`,
  });
  type Load = (console: { log(): void }, timer: typeof setTimeout) => { handler?: () => Provider };
  const { default: load } = (await import(pathToFileURL(file).href)) as { default: Load };
  const timer = ((work: () => void, ms: number) => setTimeout(work, ms).unref()) as typeof setTimeout;
  const { handler } = load({ log: () => {} }, timer);
  if (handler === undefined) throw wrong(run, "its provider cannot be read");
  return handler();
}
