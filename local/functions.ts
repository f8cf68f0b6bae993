import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { accountOf, checkTouched, checkWhere } from "./accounts.ts";
import { at, type Content, type Declared, need, wrong } from "./declaration.ts";
import { checkRead, surroundings } from "./jobs.ts";
import { lastWords, nodeHook, type Running, stop } from "./processes.ts";
import { writeContent } from "./storage.ts";
import { logFile, type World } from "./world.ts";

/** A declared function, running behind functions-framework on the loopback. */
export interface RunningFunction {
  /** Its address on this machine, without a path. */
  readonly url: string;
  /** What its process has written so far. */
  readonly lines: readonly string[];
  readonly log: string;
  /** Holds what it did so far against what its account was granted. Throws UserError that names the function. */
  checkTouched(): void;
  /** Throws UserError where it never read a variable that is declared for it. */
  checkRead(): void;
}

/** Starts a declared function from its unpacked archive, and waits until it listens. Throws UserError that names the function. */
export async function startFunction(world: World, fn: Declared): Promise<RunningFunction> {
  const name = need<string>(fn, "name");
  const account = accountOf(world, fn, at(fn.inputs, "serviceConfig.serviceAccountEmail"));
  const runtime = need<string>(fn, "buildConfig.runtime");
  if (!runtime.startsWith("nodejs")) throw wrong(fn, `runs on ${runtime}, and the rehearsal knows Node only`);
  const entryPoint = need<string>(fn, "buildConfig.entryPoint");
  const folder = join(world.out, "functions", name);
  await rm(folder, { recursive: true, force: true });
  await writeContent(folder, archiveOf(world, fn));
  if (!existsSync(join(folder, "package.json")))
    throw wrong(fn, "its archive has no package.json, which Google's build needs");

  const env = at<Record<string, string>>(fn.inputs, "serviceConfig.environmentVariables") ?? {};
  checkWhere(world, fn, env);
  const port = await freePort();
  const log = logFile(world, name);
  const running = world.processes.start({
    command: process.execPath,
    args: ["--import", nodeHook, frameworkMain, "--source", folder, "--target", entryPoint, "--port", String(port)],
    env: { ...env, ...surroundings(world, account, Object.keys(env)), HOST: "127.0.0.1" },
    cwd: folder,
    log,
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await listening(port, running);
  } catch {
    await stop(running);
    throw wrong(fn, `does not start: ${lastWords(running.lines)}\nIts output: ${log}`);
  }
  return {
    url,
    lines: running.lines,
    log,
    checkTouched: () => checkTouched(world, fn, account, running.touched),
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

/** The declared object that the function is built from. */
function archiveOf({ declaration }: World, fn: Declared): Content {
  const bucket = need<string>(fn, "buildConfig.source.storageSource.bucket");
  const object = need<string>(fn, "buildConfig.source.storageSource.object");
  const found = declaration.resources.find(
    ({ type, inputs }) =>
      type === "gcp:storage/bucketObject:BucketObject" && inputs.bucket === bucket && inputs.name === object,
  );
  const source = found?.inputs.source as Content | undefined;
  if (source === undefined || !("files" in source))
    throw wrong(fn, `is built from gs://${bucket}/${object}, and no archive is declared there`);
  return source;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until the function's process takes connections; throws when it ends before. */
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
