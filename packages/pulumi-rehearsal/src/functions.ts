import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Rehearsal } from "./adapter.ts";
import { accountOf, checkEnvironment, checkRead, checkTouched } from "./checks.ts";
import { at, type Content, type Declared, need, wrong } from "./declaration.ts";
import { surroundings } from "./jobs.ts";
import { lastWords, nodeHook, type Running, stop } from "./processes.ts";
import { logFile } from "./rehearsal.ts";
import { writeContent } from "./storage.ts";

/** A function that runs behind functions-framework on 127.0.0.1. */
export interface RunningFunction {
  /** Its address, `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The path of the file with its output. */
  readonly log: string;
  /** Throws UserError that names the function if it has touched a thing without a grant. */
  checkTouched(): void;
  /** Throws UserError that names the function if it has not read all of its declared variables. */
  checkRead(): void;
}

/** Starts a function from its declared archive and waits until it listens. Throws UserError that names the function. */
export async function startFunction(rehearsal: Rehearsal, fn: Declared): Promise<RunningFunction> {
  const name = need<string>(fn, "name");
  const account = accountOf(rehearsal, fn, at(fn.inputs, "serviceConfig.serviceAccountEmail"));
  const runtime = need<string>(fn, "buildConfig.runtime");
  if (!runtime.startsWith("nodejs"))
    throw wrong(fn, `has the runtime ${runtime}, but a rehearsal can only run nodejs runtimes`);
  const entryPoint = need<string>(fn, "buildConfig.entryPoint");
  const folder = join(rehearsal.out, "functions", name);
  await rm(folder, { recursive: true, force: true });
  await writeContent(folder, archiveOf(rehearsal, fn));
  if (!existsSync(join(folder, "package.json")))
    throw wrong(fn, "its archive has no package.json, which Google's build needs: add one");

  const env = at<Record<string, string>>(fn.inputs, "serviceConfig.environmentVariables") ?? {};
  checkEnvironment(rehearsal, fn, env);
  const port = await freePort();
  const log = logFile(rehearsal, name);
  const running = rehearsal.processes.start({
    command: process.execPath,
    args: ["--import", nodeHook, frameworkMain, "--source", folder, "--target", entryPoint, "--port", String(port)],
    env: { ...env, ...surroundings(rehearsal, account, Object.keys(env)), HOST: "127.0.0.1" },
    cwd: folder,
    log,
  });
  try {
    await listening(port, running);
  } catch {
    await stop(running);
    throw wrong(fn, `does not start: ${lastWords(running.lines)}\nIts output: ${log}`);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    log,
    checkTouched: () => checkTouched(rehearsal, fn, account, running.touched),
    checkRead: () =>
      checkRead(
        fn,
        Object.keys(env).filter((variable) => !running.read.has(variable)),
      ),
  };
}

const frameworkMain = join(
  dirname(createRequire(import.meta.url).resolve("@google-cloud/functions-framework")),
  "main.js",
);

/** The files of the declared archive that the function is built from. */
function archiveOf({ declaration }: Rehearsal, fn: Declared): Content {
  const bucket = need<string>(fn, "buildConfig.source.storageSource.bucket");
  const object = need<string>(fn, "buildConfig.source.storageSource.object");
  const found = declaration.resources.find(
    ({ type, inputs }) =>
      type === "gcp:storage/bucketObject:BucketObject" && inputs.bucket === bucket && inputs.name === object,
  );
  const source = found?.inputs.source as Content | undefined;
  if (source === undefined || !("files" in source))
    throw wrong(fn, `is built from gs://${bucket}/${object}, but no archive is declared there`);
  return source;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until the function's process accepts connections. Throws if the process ends first. */
async function listening(port: number, running: Running): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
  };
  running.ended.then(end, end);
  while (!over) {
    const socket = connect(port, "127.0.0.1");
    const connected = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return;
    await sleep(50);
  }
  throw new Error("its process ended");
}
