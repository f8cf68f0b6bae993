import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { Metadata, Server, ServerCredentials, status } = require("@grpc/grpc-js");
const { Any } = require("google-protobuf/google/protobuf/any_pb.js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");
const { Status } = require("@pulumi/pulumi/proto/status_pb.js");
const { ErrorResourceInitFailed } = require("@pulumi/pulumi/proto/provider_pb.js");

/** A message of Pulumi's protocols, which come without types. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Message = any;

/** Answers a request; for a method that answers by a stream, writes to it and returns when all is said. */
type Method = (request: Message, stream: { write(response: Message): void }) => Message | Promise<Message>;

/** Serves a protocol on the loopback; errors of a method go to its caller. */
export async function serve(
  protocol: object,
  methods: Readonly<Record<string, Method>>,
): Promise<{ readonly port: number; stop(): void }> {
  const server = new Server();
  const answering = (method: Method) => async (call: Message, reply?: (error: unknown, response?: Message) => void) => {
    try {
      const response = await method(call.request, call);
      if (reply) reply(null, response);
      else call.end();
    } catch (error) {
      if (reply) reply(error);
      else call.destroy(error);
    }
  };
  server.addService(
    protocol,
    Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, answering(method)])),
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error: Error | null, bound: number) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { port, stop: () => server.forceShutdown() };
}

/** A message with its fields set, by the names of its setters. */
export function filled(message: Message, fields: Readonly<Record<string, unknown>>): Message {
  for (const [name, value] of Object.entries(fields)) message[`set${name}`](value);
  return message;
}

/** The error of a provider that made a resource and then failed: Pulumi keeps the resource, as one that is not finished. */
export function failedHalfway(id: string, outputs: Readonly<Record<string, unknown>>, reason: string): Error {
  const failure = filled(new ErrorResourceInitFailed(), {
    Id: id,
    Properties: Struct.fromJavaScript(outputs),
    ReasonsList: [reason],
  });
  const detail = new Any();
  detail.pack(failure.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const told = filled(new Status(), { Code: status.UNKNOWN, Message: reason, DetailsList: [detail] });
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(told.serializeBinary()));
  return Object.assign(new Error(reason), { code: status.UNKNOWN, metadata });
}
