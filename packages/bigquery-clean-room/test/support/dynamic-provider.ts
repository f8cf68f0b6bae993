import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const { credentials } = require("@grpc/grpc-js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");
const messages = require("@pulumi/pulumi/proto/provider_pb.js");
const { ResourceProviderClient } = require("@pulumi/pulumi/proto/provider_grpc_pb.js");

type Properties = Readonly<Record<string, unknown>>;

/** Pulumi's process for dynamic resources, called as the engine calls it. The properties contain the provider as text, `__provider`. */
export interface DynamicProvider {
  create(properties: Properties): Promise<{ id: string; properties: Properties }>;
  /** Whether the engine would change anything. */
  differs(olds: Properties, news: Properties): Promise<boolean>;
  update(olds: Properties, news: Properties): Promise<Properties>;
  read(properties: Properties): Promise<Properties>;
  /** The id that a refresh gives the resource: empty if it is gone. */
  readId(properties: Properties): Promise<string>;
  delete(properties: Properties): Promise<void>;
  stop(): void;
}

export interface DynamicProviderOptions {
  /** The stack's configuration, by full name. @default none */
  readonly config?: Readonly<Record<string, string>>;
  /** The program's folder. @default this package's */
  readonly folder?: string;
  /** Environment variables to set, or to take away. @default those of this process */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Starts the process as the engine does: in the program's folder, without a loader for TypeScript. */
export async function startDynamicProvider(options: DynamicProviderOptions = {}): Promise<DynamicProvider> {
  const { config = {}, folder = fileURLToPath(new URL("../..", import.meta.url)), env = {} } = options;
  const child = spawn(process.execPath, [require.resolve("@pulumi/pulumi/cmd/dynamic-provider"), "127.0.0.1:1"], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = await once(child.stdout, "data");
  const client = new ResourceProviderClient(`127.0.0.1:${String(port).trim()}`, credentials.createInsecure());
  // biome-ignore lint/suspicious/noExplicitAny: Pulumi has no types for its messages.
  const call = (method: string, kind: string, values: Record<string, unknown>): Promise<any> => {
    const request = new messages[`${kind}Request`]();
    for (const [name, value] of Object.entries(values))
      request[`set${name}`](typeof value === "object" ? Struct.fromJavaScript(value) : value);
    return new Promise((resolve, reject) => {
      client[method](request, (error: Error | null, answer: unknown) => (error ? reject(error) : resolve(answer)));
    });
  };
  await call("configure", "Configure", { Args: config });

  return {
    async create(properties) {
      const answer = await call("create", "Create", { Properties: properties });
      return { id: answer.getId(), properties: answer.getProperties().toJavaScript() };
    },
    async differs(olds, news) {
      const answer = await call("diff", "Diff", { Id: "id", Olds: olds, News: news });
      return answer.getChanges() !== messages.DiffResponse.DiffChanges.DIFF_NONE;
    },
    async update(olds, news) {
      const answer = await call("update", "Update", { Id: "id", Olds: olds, News: news });
      return answer.getProperties().toJavaScript();
    },
    async read(properties) {
      return (await call("read", "Read", { Id: "id", Properties: properties })).getProperties().toJavaScript();
    },
    async readId(properties) {
      return (await call("read", "Read", { Id: "id", Properties: properties })).getId();
    },
    async delete(properties) {
      await call("delete", "Delete", { Id: "id", Properties: properties });
    },
    stop() {
      client.close();
      child.kill("SIGKILL");
    },
  };
}
