import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = process.platform === "win32" ? "Scripts" : "bin";

/** The Python interpreters: dbt's environment, and the one bqemulator has to itself (see requirements-bqemulator.txt). */
export const PYTHON = { main: join(root, ".venv", bin, "python"), bqemulator: join(root, ".venv-test", bin, "python") };

/** The emulators of BigQuery, which not every platform has, by the program that an installation leaves behind. */
const emulators = {
  bqemulator: join(root, ".venv-test", bin, "bqemulator"),
  crucible: join(root, ".venv", bin, "crucible"),
};

/** Skips the tests of the suite whose `before` calls it, by name, where an emulator of BigQuery is not installed. */
export function skipWithout(emulator: keyof typeof emulators, before: Mocha.Context): void {
  if (existsSync(emulators[emulator])) return;
  console.error(
    `      ${emulator} is not installed, so these tests are skipped: CI=true node local/install.mjs --test`,
  );
  before.skip();
}

const HOST = "127.0.0.1";
const PROJECT = "test-project";
const READY_WITHIN_MS = 180_000;

/** A server on the loopback; `stop` ends it and removes what it wrote. */
export interface Server {
  url: string;
  stop(): Promise<void>;
}

/** Cloud Storage, keeping each object as the file `root/bucket/object`. */
export interface Gcs extends Server {
  root: string;
}

/** BigQuery, for any project; `project` is the one to name where it does not matter. */
export interface BigQuery extends Server {
  project: string;
}

/** Starts a Cloud Storage. Clients take `url` as their `apiEndpoint`. */
export async function startFakeGcs(): Promise<Gcs> {
  const folder = await temporaryFolder();
  const server = await start({
    python: PYTHON.main,
    args: (port) => [
      ...["fake-gcs", "-scheme", "http", "-host", HOST, "-port", port, "-external-url", `http://${HOST}:${port}`],
      ...["-backend", "filesystem", "-filesystem-root", folder],
    ],
    folder,
    ready: "/storage/v1/b",
  });
  return { ...server, root: folder };
}

/**
 * Starts a BigQuery that runs scripts, transactions and load jobs.
 * @param gcsRoot `root` of the Cloud Storage that `gs://` URIs of load jobs are read from
 */
export async function startBigQuery(gcsRoot?: string): Promise<BigQuery> {
  const folder = await temporaryFolder();
  const server = await start({
    python: PYTHON.bqemulator,
    args: (port) => [
      "bqemulator",
      "--rest-port",
      port,
      "--grpc-port",
      "0",
      "--project",
      PROJECT,
      "--log-level",
      "error",
    ],
    env: {
      BQEMU_UPLOAD_STAGING_DIR: folder,
      // Reading Avro files would need a download at every start.
      BQEMU_ENABLE_FORMAT_EXTENSIONS: "false",
      ...(gcsRoot && { BQEMU_GCS_LOCAL_ROOT: gcsRoot }),
    },
    folder,
    ready: "/readyz",
  });
  return { ...server, project: PROJECT };
}

/** Starts the BigQuery that dbt-bigquery can build on: it has dbt's contracts, but no scripts, no DELETE and no `gs://`. */
export async function startDbtBigQuery(): Promise<BigQuery> {
  const server = await start({
    python: PYTHON.main,
    args: (port) => ["crucible", "--host", HOST, "--port", port],
    folder: await temporaryFolder(),
    ready: "/_crucible/health",
  });
  return { ...server, project: PROJECT };
}

interface Launch {
  python: string;
  /** The server's name and arguments. */
  args: (port: string) => string[];
  env?: Record<string, string>;
  folder: string;
  ready: string;
}

/** Starts a server on a free port. Another process may take that port first, so a server that ends at once is started again on another one. */
async function start(launch: Launch): Promise<Server> {
  const problems: string[] = [];
  while (problems.length < 3) {
    const started = await startOnce(launch, await freePort());
    if (typeof started !== "string") return started;
    problems.push(started);
  }
  await rm(launch.folder, { recursive: true, force: true });
  throw new Error(problems.join("\n"));
}

/** Returns the reason if the server did not start. */
async function startOnce({ python, args, env, folder, ready }: Launch, port: number): Promise<Server | string> {
  const [name, ...more] = args(String(port));
  const url = `http://${HOST}:${port}`;
  const child = spawn(python, [join(root, "test/support/serve.py"), String(name), ...more], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: "pipe",
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk) => output.push(chunk));
  child.stderr.on("data", (chunk) => output.push(chunk));
  const exited = once(child, "close").catch((error) => output.push(Buffer.from(String(error))));
  const handles = [child, child.stdin, child.stdout, child.stderr] as unknown as Record<"ref" | "unref", () => void>[];
  // Lets mocha end, and with it the server, where a failed hook keeps `stop` from being called.
  for (const handle of handles) handle.unref();
  const end = async () => {
    for (const handle of handles) handle.ref();
    child.stdin.end();
    await exited;
  };
  try {
    await untilReady(child, url + ready);
  } catch (error) {
    await end();
    return `${name} ${(error as Error).message}: ${Buffer.concat(output)}`;
  }
  return {
    url,
    async stop() {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await sleep(25)) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
      throw new Error("did not start");
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error(`did not answer within ${READY_WITHIN_MS / 1000} s`);
}

async function temporaryFolder(): Promise<string> {
  // The real path, because fake-gcs-server and bqemulator compare paths and macOS links its temporary folder.
  return realpath(await mkdtemp(join(tmpdir(), "gcp-data-demos-")));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
