import * as pulumi from "@pulumi/pulumi";
import { skipPromiseTraces } from "../../packages/pulumi-rehearsal/src/quick-promises.ts";

/** A resource as a program declared it. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly custom: boolean;
  /** Resolved inputs. A secret is wrapped as `{secret: …}`, and a value unknown in a preview is `"<unknown>"`. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into inputs of all types
  readonly inputs: any;
  /** URNs of the resources that it depends on. */
  readonly dependencies: readonly string[];
  /** Whether it is replaced after its creation failed halfway. */
  readonly remade: boolean;
  /** URNs of the resources that an input comes from: replacing one of them may replace this one. */
  readonly madeOf: Readonly<Record<string, readonly string[]>>;
  /** Inputs whose changes are ignored. */
  readonly ignored: readonly string[];
  /** Whether a replacement deletes the old one first. */
  readonly deletedFirst: boolean;
  /** Pulumi's options that decide what an `up` overlooks, replaces or leaves behind, as far as they are set. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface DeclareOptions {
  /** Settings by full name. */
  readonly config?: Readonly<Record<string, string>>;
  /** Whether it is a preview, in which outputs that Google computes are unknown. @default false */
  readonly preview?: boolean;
}

const NAMESPACE = "gcp-data-demos";
export const PROJECT = "demo-project";

/** Runs a program under Pulumi's mocks. Returns the declared resources and the program's resolved result. Fails if the program calls the provider. */
export async function declare<T>(program: () => T | Promise<T>, { config = {}, preview = false }: DeclareOptions = {}) {
  const resources: Declared[] = [];
  const newResource = ({ type, name, inputs }: pulumi.runtime.MockResourceArgs) => {
    const { id, ...computed } = preview ? { id: "" } : computedOf(type, name, inputs);
    return { id, state: { ...inputs, ...computed } };
  };
  const call = ({ token }: pulumi.runtime.MockCallArgs) => {
    throw new Error(`the program asks the provider for ${token}`);
  };
  skipPromiseTraces();
  await pulumi.runtime.setMocks({ newResource, call }, NAMESPACE, "test", preview);
  pulumi.runtime.setAllConfig({ "gcp:project": PROJECT, ...config });

  // Mocks do not see dependencies, but the monitor behind them does.
  const monitor = pulumi.runtime.getMonitor() as unknown as { registerResource: Register };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, answer) =>
    register(request, (error, response) => {
      if (response !== undefined) {
        resources.push({
          type: request.getType(),
          name: request.getName(),
          urn: response.getUrn(),
          custom: request.getCustom(),
          inputs: plain(request.getObject().toJavaScript()),
          dependencies: request.getDependenciesList(),
          remade: request.getReplaceonchangesList().includes("#initerror") && request.getDeletebeforereplace(),
          madeOf: Object.fromEntries(
            [...request.getPropertydependenciesMap().entries()].map(([input, of]) => [input, of.getUrnsList()]),
          ),
          ignored: request.getIgnorechangesList(),
          deletedFirst: request.getDeletebeforereplace(),
          options: {
            ...(request.getIgnorechangesList().length > 0 && { ignoreChanges: request.getIgnorechangesList() }),
            ...(request.getReplaceonchangesList().length > 0 && {
              replaceOnChanges: request.getReplaceonchangesList(),
            }),
            ...(request.getDeletebeforereplace() && { deleteBeforeReplace: true }),
            ...(request.getRetainondelete() && { retainOnDelete: true }),
            ...(request.getProtect() && { protect: true }),
            ...(earlierNames(request).length > 0 && { aliases: earlierNames(request) }),
          },
        });
      }
      answer(error, response);
    });
  // Only this handler sees an error in an `apply` or a registration.
  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  process.on("unhandledRejection", fail);
  const evaluated = async () => {
    const returned = pulumi.output(await program());
    await pulumi.runtime.disconnect();
    if (preview) return undefined;
    return new Promise((resolve) => returned.apply(resolve));
  };
  const outputs = await Promise.race([failure, evaluated()]).finally(() => process.off("unhandledRejection", fail));
  return { resources, outputs: outputs as pulumi.Unwrap<T> };
}

/** The earlier names of a resource. The provider adds aliases of its own, for the earlier names of types. */
const earlierNames = (request: Request) =>
  request.getAliasesList().flatMap((alias) => alias.getSpec()?.getName() || []);

interface Request {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getDependenciesList(): string[];
  getReplaceonchangesList(): string[];
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getRetainondelete(): boolean | undefined;
  getProtect(): boolean | undefined;
  getAliasesList(): { getSpec(): { getName(): string } | undefined }[];
  getPropertydependenciesMap(): { entries(): Iterable<[string, { getUrnsList(): string[] }]> };
  getObject(): { toJavaScript(): Record<string, unknown> };
}
type Register = (request: Request, answer: (error: unknown, response?: { getUrn(): string }) => void) => unknown;

/** Runs index.ts, imported again each time. */
export function declareStack(options: DeclareOptions = {}) {
  runs++;
  return declare(() => import(`../../index.ts?run=${runs}`) as Promise<typeof import("../../index.ts")>, options);
}

let runs = 0;

/** The resources of a type, given whole or by its last part, such as `job:Job` for `gcp:cloudrunv2/job:Job`. */
export function ofType(resources: readonly Declared[], type: string): Declared[] {
  return resources.filter((each) => each.type === type || each.type.endsWith(`/${type}`));
}

export function named(resources: readonly Declared[], name: string): Declared {
  const found = resources.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(`${name} is not declared, only ${resources.map((each) => each.name).join(", ")}`);
  return found;
}

/** All resources that a resource depends on, directly or not. */
export function allBefore(resources: readonly Declared[], resource: Declared): Set<Declared> {
  const byUrn = new Map(resources.map((each) => [each.urn, each]));
  const found = new Set<Declared>();
  const visit = ({ dependencies }: Declared) => {
    for (const urn of dependencies) {
      const next = byUrn.get(urn);
      if (next === undefined || found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(resource);
  return found;
}

/** The outputs that Google computes and the program uses. */
function computedOf(
  type: string,
  name: string,
  inputs: Record<string, unknown>,
): { id: string } & Record<string, unknown> {
  if (type === "gcp:serviceaccount/account:Account")
    return { id: name, email: `${inputs.accountId}@${inputs.project}.iam.gserviceaccount.com` };
  if (type === "gcp:cloudfunctionsv2/function:Function")
    return {
      id: name,
      serviceConfig: { ...(inputs.serviceConfig as object), uri: `https://${inputs.name}.a.run.app` },
    };
  if (type === "gcp:monitoring/notificationChannel:NotificationChannel")
    return { id: name, name: `projects/${inputs.project}/notificationChannels/${name}` };
  if (type === "gcp:storage/bucketObject:BucketObject") return { id: name, generation: 1 };
  if (/bigquery\/(table|dataset):/.test(type)) return { id: name, creationTime: 1_750_000_000_000 };
  return { id: name };
}

const MARK = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function plain(value: unknown): unknown {
  if (value === UNKNOWN) return "<unknown>";
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (fields[MARK] === SECRET) return { secret: plain(fields.value) };
  return Object.fromEntries(Object.entries(fields).map(([key, each]) => [key, plain(each)]));
}
