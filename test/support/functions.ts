import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleOnce } from "../../components/bundle.ts";

/** A function of the bundle behind functions-framework, in a process of its own, laid out as it is deployed. */
export interface DeployedFunction {
  readonly url: string;
  /** Its log so far. */
  log(): string;
  stop(): Promise<void>;
}

/** @param env what is deployed with it; the addresses of test servers come from this process's environment */
export async function startFunction(target: string, env: Record<string, string>): Promise<DeployedFunction> {
  const folder = await mkdtemp(join(tmpdir(), "function-"));
  await copyFile(bundleOnce().path, join(folder, "index.mjs"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ main: "index.mjs" }));
  const framework = createRequire(import.meta.url).resolve("@google-cloud/functions-framework");
  const child = spawn(
    process.execPath,
    ["--import", new URL("loopback.mjs", import.meta.url).href, framework.replace(/index\.js$/, "main.js")],
    {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: "", FUNCTION_TARGET: target, NODE_ENV: "production", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let log = "";
  const port = new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      log += chunk;
      const [, number] = /"port":(\d+)/.exec(log) ?? [];
      if (number !== undefined) resolve(Number(number));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("close", () => reject(new Error(`${target} did not start: ${log}`)));
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "close");
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { url: `http://127.0.0.1:${await port}/`, log: () => log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Calls a function; the answer must be JSON. */
export async function call(url: string, init: RequestInit = { method: "POST" }) {
  const response = await fetch(url, init);
  return { status: response.status, body: JSON.parse(await response.text()), headers: response.headers };
}
