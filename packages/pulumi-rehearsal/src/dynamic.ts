import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ProviderHooks, Realise, Rehearsal } from "./adapter.ts";
import { closureOf, type Declared, need, wrong } from "./declaration.ts";
import { DEPLOYER } from "./run-admin-server.ts";
import { writeContent } from "./storage.ts";

/** The provider of a dynamic resource. */
interface Provider {
  create(inputs: Record<string, unknown>): Promise<{ outs?: Record<string, unknown> }>;
}

/**
 * Lets the provider of a dynamic resource create it, as `pulumi up` does. The provider's calls of the Cloud Run Admin API go to the
 * rehearsal, if it takes the address from GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT and the token from GOOGLE_OAUTH_ACCESS_TOKEN.
 * @example
 * const adapter: Adapter = { types: { "pulumi-nodejs:dynamic/example:Migration": byItsProvider() } };
 */
export function byItsProvider(hooks: ProviderHooks = {}): Realise {
  return (rehearsal, resource) => {
    rehearsal.dynamic.set(resource, hooks);
  };
}

/**
 * Lets the providers create the dynamic resources, each as soon as those exist that it depends on.
 * Throws the first error of a provider or a hook.
 */
export async function createDynamic(rehearsal: Rehearsal): Promise<void> {
  const restore = actAsDeployer(rehearsal);
  const created = new Map<string, Promise<void>>();
  for (const [resource, hooks] of rehearsal.dynamic) {
    const before = closureOf(rehearsal.declaration, resource);
    const earlier = [...created].filter(([urn]) => before.has(urn)).map(([, done]) => done);
    const done = Promise.all(earlier).then(() => create(rehearsal, resource, hooks));
    created.set(resource.urn, done);
  }
  await Promise.all(created.values());
  // Do not restore after a failure: another provider may still be running, and must not get a real person's credentials.
  restore();
}

async function create(rehearsal: Rehearsal, resource: Declared, { before, after }: ProviderHooks): Promise<void> {
  before?.(rehearsal, resource);
  const provider = await providerOf(rehearsal, resource);
  const { outs = {} } = await provider.create(resource.inputs);
  after?.(rehearsal, resource, outs);
}

/**
 * Loads the provider from the text that Pulumi stores in the resource. It runs as in Pulumi's own process, except that it prints
 * nothing and that its timers do not keep this process alive.
 */
async function providerOf({ out }: Rehearsal, resource: Declared): Promise<Provider> {
  const file = join(out, PROVIDERS, `${resource.name}.cjs`);
  const text = need<string>(resource, "__provider");
  await writeContent(file, {
    text: `module.exports = (console, setTimeout) => {\nconst exports = {};\n${text}\nreturn exports;\n};\n`,
  });
  type Load = (console: { log(): void }, timer: typeof setTimeout) => { handler?: () => Provider };
  const { default: load } = (await import(pathToFileURL(file).href)) as { default: Load };
  const timer = ((work: () => void, ms: number) => setTimeout(work, ms).unref()) as typeof setTimeout;
  const { handler } = load({ log: () => {} }, timer);
  if (handler === undefined) throw wrong(resource, "its provider cannot be read: __provider exports no handler");
  return handler();
}

const PROVIDERS = "providers";

/**
 * Gives the providers the credentials of the person who runs Pulumi, and lets them import the program's packages, as in `pulumi up`.
 * Returns a function that undoes both.
 */
function actAsDeployer({ out, runAdmin }: Rehearsal): () => void {
  const wanted = { GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: runAdmin, GOOGLE_OAUTH_ACCESS_TOKEN: DEPLOYER };
  const had = Object.keys(wanted).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, wanted);
  const providers = pathToFileURL(join(out, PROVIDERS, "/")).href;
  const program = pathToFileURL(join(process.cwd(), "program.mjs")).href;
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, context.parentURL?.startsWith(providers) ? { ...context, parentURL: program } : context),
  });
  return () => {
    hooks.deregister();
    for (const [name, value] of had)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  };
}
