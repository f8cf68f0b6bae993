import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Storage } from "@google-cloud/storage";
import { startBigQuery, startFakeGcs } from "./servers.ts";

/** Looks at a request for Cloud Storage or BigQuery before it is passed on; true if it has answered or broken it off itself. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Cloud Storage and BigQuery on the loopback, for Google's own clients as they come: all they need is in the environment. */
export interface Google {
  readonly project: string;
  /** Makes a bucket and returns its name. */
  makeBucket(name: string): Promise<string>;
  intercept: Intercept | undefined;
  stop(): Promise<void>;
}

/** Starts the servers and sets the environment for this process and its children; `stop` undoes both. */
export async function startGoogle(with_: { bigquery: boolean }): Promise<Google> {
  const gcs = await startFakeGcs();
  const bigquery = with_.bigquery ? await startBigQuery(gcs.root) : undefined;
  const received = new Map<string, string>();
  const front = createServer((incoming, response) => {
    if (google.intercept?.(incoming, response)) return;
    if (answerHowFar(incoming, response, received)) return;
    // With BIGQUERY_EMULATOR_HOST the client puts an upload's path after the API's.
    if (incoming.url?.startsWith("/bigquery/v2/upload/")) incoming.url = incoming.url.slice("/bigquery/v2".length);
    if (incoming.url?.startsWith("/computeMetadata/")) answerMetadata(incoming, response);
    else if (/^\/(upload\/)?bigquery\//.test(incoming.url ?? ""))
      forward(incoming, response, bigquery?.url ?? "", "", received);
    // With STORAGE_EMULATOR_HOST the client leaves out the API's path, except for resumable uploads.
    else forward(incoming, response, gcs.url, incoming.url?.startsWith("/b") ? "/storage/v1" : "", received);
  }).listen(0, "127.0.0.1");
  await once(front, "listening");
  const host = `127.0.0.1:${(front.address() as AddressInfo).port}`;
  const restore = setEnvironment({
    STORAGE_EMULATOR_HOST: `http://${host}`,
    BIGQUERY_EMULATOR_HOST: `http://${host}/bigquery/v2`,
    GCE_METADATA_HOST: host,
    METADATA_SERVER_DETECTION: "assume-present",
    GOOGLE_APPLICATION_CREDENTIALS: undefined,
  });
  const project = bigquery?.project ?? "test-project";
  const google: Google = {
    project,
    async makeBucket(name) {
      await new Storage({ projectId: project }).createBucket(name);
      return name;
    },
    intercept: undefined,
    async stop() {
      restore();
      front.closeAllConnections();
      front.close();
      await Promise.all([gcs.stop(), bigquery?.stop()]);
    },
  };
  return google;
}

function answerMetadata(incoming: IncomingMessage, response: ServerResponse): void {
  response.setHeader("Metadata-Flavor", "Google");
  response.setHeader("Content-Type", "application/json");
  const token = JSON.stringify({ access_token: "test", expires_in: 3600, token_type: "Bearer" });
  response.end(incoming.url?.includes("/token") ? token : "{}");
}

/** How far a resumable upload is: fake-gcs-server takes the question for the upload's end, so it is answered by what it said last. */
function answerHowFar(
  { method, url = "", headers }: IncomingMessage,
  response: ServerResponse,
  received: Map<string, string>,
) {
  if (method !== "PUT" || !headers["content-range"]?.startsWith("bytes */")) return false;
  const range = received.get(url);
  response.writeHead(308, range === undefined ? {} : { Range: range }).end();
  return true;
}

function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  to: string,
  prefix: string,
  received: Map<string, string>,
): void {
  const { method, headers, url } = incoming;
  const outgoing = request(`${to}${prefix}${url}`, { ...(method && { method }), headers }, (answer) => {
    if (url && answer.statusCode === 308 && answer.headers.range) received.set(url, answer.headers.range);
    // The address to resume an upload: this server, too.
    const location = answer.headers.location?.replace(to, `http://${headers.host}`);
    response.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...(location && { location }) });
    answer.pipe(response);
  });
  // The stand-ins may take their time, however impatient the clients of a test are.
  outgoing.setTimeout(0);
  outgoing.on("error", () => response.destroy());
  incoming.pipe(outgoing);
}

function setEnvironment(values: Record<string, string | undefined>): () => void {
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(values)) set(name, value);
  return () => {
    for (const [name, value] of before) set(name, value);
  };
}
