import { setTimeout } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import type { Adapter, Place } from "./adapter.ts";
import type { Content, Declaration, Declared } from "./declaration.ts";
import { messageOf, UserError } from "./errors.ts";
import { skipPromiseTraces } from "./quick-promises.ts";

/** The project and the settings that a program is evaluated with. */
export interface EvaluateOptions {
  /** The Google Cloud project that the program is evaluated for. */
  readonly project: string;
  /** The name of Pulumi's project, which is the namespace of its settings. */
  readonly program: string;
  /** Settings by full name, such as `shop:seed`. */
  readonly config: Readonly<Record<string, string>>;
  /** Adapters compute the outputs of the resources. If none knows a type, the outputs are the inputs. */
  readonly adapters: readonly Adapter[];
}

/** The location of resources that name none, if `gcp:region` is not set. */
const REGION = "us-central1";

/**
 * Runs a Pulumi program under Pulumi's mocks and collects what it declares.
 * Throws what the program throws, and UserError if it calls the cloud, as `getProject` does.
 * @param run imports the program, or declares its resources. Import a module for the first time, because Node runs it only once, and
 * evaluate one program at a time, because Pulumi's runtime is global
 * @example
 * const declaration = await evaluate(() => import("./index.ts"), {
 *   project: "demo-project", program: "shop", config: { "shop:seed": "42" }, adapters: googleAdapters,
 * });
 */
export async function evaluate(run: () => Promise<unknown>, options: EvaluateOptions): Promise<Declaration> {
  const { project, program, config, adapters } = options;
  const place = { project, location: config["gcp:region"] ?? REGION };
  let asked: UserError | undefined;
  const mocks: pulumi.runtime.Mocks = {
    call: ({ token }) => {
      // Keep the error, because Pulumi replaces it by one of its own.
      asked = new UserError(
        `the program calls ${token}, which needs Google Cloud: pass the value as a setting instead`,
      );
      throw asked;
    },
    newResource: ({ type, name, inputs }) => {
      const { id, outputs } = computeOutputs(type, name, inputs, place, adapters);
      return { id, state: outputs };
    },
  };
  skipPromiseTraces();
  await pulumi.runtime.setMocks(mocks, program, "rehearsal");
  pulumi.runtime.setAllConfig({ "gcp:project": project, ...config });
  const resources = collect();

  // Pulumi reports an error in an `apply` or in a registration only as an unhandled rejection.
  let failed: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    failed = reject;
  });
  process.on("unhandledRejection", failed);
  try {
    const done = pulumi.runtime.runInPulumiStack(run).then(() => pulumi.runtime.disconnect());
    // Node reports unhandled rejections at the end of a turn of its event loop: wait for that.
    await Promise.race([failure, done.then(() => new Promise((resolve) => setImmediate(resolve)))]);
  } catch (error) {
    // Ctrl-C also ends the processes that the program started. Their errors may arrive first, so give the signal time to end this one.
    await setTimeout(100);
    if (asked !== undefined) throw asked;
    if (pulumi.RunError.isInstance(error)) throw new UserError(messageOf(error));
    throw error;
  } finally {
    process.off("unhandledRejection", failed);
  }
  return { project, resources };
}

/**
 * Computes the id and the outputs that the cloud would return for a resource: its inputs, and what an adapter computes from them.
 * @param defaults the place of a resource that names no project or location of its own
 * @example
 * computeOutputs("gcp:storage/bucket:Bucket", "bucket", { name: "shop" }, { project: "p", location: "us" }, googleAdapters);
 * // { id: "shop", outputs: { name: "shop", project: "p", url: "gs://shop" } }
 */
export function computeOutputs(
  type: string,
  name: string,
  inputs: Record<string, unknown>,
  defaults: Place,
  adapters: readonly Adapter[],
): { readonly id: string; readonly outputs: Record<string, unknown> } {
  const compute = adapters.find(({ outputs }) => outputs?.[type])?.outputs?.[type];
  if (compute === undefined) return { id: `${name}-id`, outputs: { ...inputs } };
  const project = String(inputs.project || defaults.project);
  const location = String(inputs.location ?? inputs.region ?? defaults.location);
  const { id, outputs } = compute(inputs, { project, location });
  return { id, outputs: { ...inputs, project, ...outputs } };
}

/** The parts of a registration and its answer that `collect` uses. Pulumi publishes no types for them. */
interface Registration {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getProvider(): string;
  getDependenciesList(): string[];
  getObject(): { toJavaScript(): Record<string, unknown> };
}
interface Registered {
  getUrn(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
}
type Register = (request: Registration, answer: (error: unknown, registered?: Registered) => void) => unknown;

/** Records each registration, because mocks do not receive dependencies. Skips components, because only their parts are in the cloud. */
function collect(): Declared[] {
  const resources: Declared[] = [];
  const monitor = pulumi.runtime.getMonitor() as unknown as { registerResource: Register };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, answer) =>
    register(request, (error, registered) => {
      if (registered !== undefined && request.getCustom()) {
        resources.push({
          urn: registered.getUrn(),
          type: request.getType(),
          name: request.getName(),
          inputs: plainFields(request.getObject().toJavaScript()),
          outputs: plainFields(registered.getObject().toJavaScript()),
          dependencies: request.getDependenciesList(),
          provider: request.getProvider(),
        });
      }
      answer(error, registered);
    });
  return resources;
}

// Pulumi sends secrets, assets and archives to its engine as JSON objects with these marks.
const MARK = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";

function plainFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (fields[MARK] === SECRET) return plain(fields.value);
  if (fields[MARK] === ASSET || fields[MARK] === ARCHIVE) return contentOf(fields);
  return plainFields(fields);
}

function contentOf(fields: Record<string, unknown>): Content {
  if (fields.assets) return { files: plainFields(fields.assets as Record<string, unknown>) as Record<string, Content> };
  if (fields.path) return { file: String(fields.path) };
  return { text: String(fields.text ?? "") };
}
