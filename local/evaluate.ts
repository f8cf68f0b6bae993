import { setTimeout } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { messageOf, UserError } from "../generator/errors.ts";
import { answerOf } from "./computed.ts";
import type { Content, Declaration, Declared } from "./declaration.ts";

export interface EvaluateOptions {
  /** The Google Cloud project that it is declared for. */
  readonly project: string;
  /** The name of Pulumi's project, which is the namespace of its settings. */
  readonly program: string;
  /** Settings by full name, such as `gcp-data-demos:seed`. */
  readonly config: Readonly<Record<string, string>>;
}

/** Where Google's provider puts what names no location of its own. */
const REGION = "us-central1";

/**
 * Runs a Pulumi program under Pulumi's mocks, and collects what it declares. Pulumi's runtime is one a process, and a module runs
 * once: `run` has to import the program for the first time.
 * Throws what the program throws, about a wrong setting for example.
 */
export async function evaluate(run: () => Promise<unknown>, options: EvaluateOptions): Promise<Declaration> {
  const { project, program, config } = options;
  const place = { project, location: config["gcp:region"] ?? REGION };
  let asked: UserError | undefined;
  const mocks: pulumi.runtime.Mocks = {
    call: ({ token }) => {
      // Pulumi passes an error of its own on, without these words.
      asked = new UserError(`the program asks Google by ${token}; a preview without credentials cannot`);
      throw asked;
    },
    newResource: ({ type, name, inputs }) => {
      const { id, outputs } = answerOf(type, name, inputs, place);
      return { id, state: outputs };
    },
  };
  await pulumi.runtime.setMocks(mocks, program, "rehearsal");
  pulumi.runtime.setAllConfig({ "gcp:project": project, ...config });
  const resources = collect();

  // An error in an `apply` or in a registration reaches nobody else.
  let failed: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    failed = reject;
  });
  process.on("unhandledRejection", failed);
  try {
    const done = pulumi.runtime.runInPulumiStack(run).then(() => pulumi.runtime.disconnect());
    // Rejections that nobody handles are told of at the end of a turn.
    await Promise.race([failure, done.then(() => new Promise((resolve) => setImmediate(resolve)))]);
  } catch (error) {
    // Ctrl-C ends a builder at work too, and its errors may come before the signal, which is what ends this process then.
    await setTimeout(100);
    if (asked !== undefined) throw asked;
    if (pulumi.RunError.isInstance(error)) throw new UserError(messageOf(error));
    throw error;
  } finally {
    process.off("unhandledRejection", failed);
  }
  return { project, resources };
}

/** The parts of a registration and of its answer that matter here; Pulumi publishes no types for them. */
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

/** Notes each registration; mocks themselves are not told of dependencies. Components are not noted, only what they are made of. */
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

// How Pulumi marks what JSON has no form for, on its way to the engine.
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
