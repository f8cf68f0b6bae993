import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type EngineEvent, LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation/index.js";
import { bundleOnce } from "../../components/bundle.ts";
import { startViews, type ViewsServer } from "../../packages/bigquery-clean-room/test/support/bigquery-views.ts";
import { type RunAdminServer, startRunAdmin } from "../../packages/bigquery-clean-room/test/support/run-admin.ts";
import { pagesOnce } from "../../report/build.ts";
import { PROJECT } from "../components/stack.ts";
import { type Google, startGoogle } from "./google.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(import.meta.url);

/** The advice if `findPulumi` finds nothing. */
export const howToGetPulumi =
  "Pulumi's command line is not on this machine: npx pulumi version fetches it; where that is out of reach, " +
  "test/engine/build-pulumi.sh builds it with Go";

/** The folder of Pulumi's command line: on the path, where npx keeps it, or where build-pulumi.sh puts it; undefined where there is none. */
export function findPulumi(): string | undefined {
  const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const { version } = require("pulumi/package.json");
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    join(home, "versions", version, "bin"),
    join(home, "bin"),
  ];
  // The one of the npm package fetches the real one.
  return folders.find((folder) => !/^$|\.bin$/.test(folder) && existsSync(join(folder, "pulumi")));
}

/** The stack on Pulumi's own engine, and what stands for Google. */
export interface Engine {
  readonly stack: Stack;
  /** Where Pulumi keeps the stack's state. */
  readonly stateFile: string;
  readonly google: Google;
  readonly bigquery: ViewsServer;
  readonly runs: RunAdminServer;
  /**
   * Runs Pulumi's command with these flags, and returns what the engine did. Throws what it printed if it fails. Unlike `stack`, it does not
   * start Pulumi three times more for the outputs and the history.
   */
  run(command: "preview" | "up" | "refresh" | "destroy", ...flags: string[]): Promise<EngineEvent[]>;
  /** Runs a file of the project in the stack's folder, as `npm run` would. Returns what it printed, whether it succeeded or failed. */
  script(file: string, ...args: string[]): Promise<string>;
  /** Starts Pulumi's command line in the stack's folder. */
  start(...args: string[]): ChildProcess;
  /** Kills such a command, at a moment when its state is whole. */
  kill(command: ChildProcess): Promise<void>;
  stop(): Promise<void>;
}

/** The services of a project as `Google.enabled` names them. */
export const servicesIn = (project: string, services: readonly string[]) =>
  services.map((service) => `${project}-${service}`);

/** Makes a stack of a copy of this project, with its state in a folder of its own. */
export async function startEngine(pulumi: string): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), "engine-"));
  const [program, bin, state] = ["program", "bin", "state"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const apart = ["node_modules", ".git", ".venv", ".venv-test", ".local", "dist", "test", "docs"].map((name) =>
    join(root, name),
  );
  cpSync(root, program, { recursive: true, filter: (source) => !apart.includes(source) });
  symlinkSync(join(root, "node_modules"), join(program, "node_modules"));
  // The program finds what this process has bundled of the same sources.
  const built = [bundleOnce().path, join(root, "dist/main.json"), ...Object.values(pagesOnce().files)];
  for (const file of [...built, join(root, "dist/report.json")]) cpSync(file, join(program, relative(root, file)));
  for (const made of [bin, state]) mkdirSync(made);
  if (!existsSync(join(pulumi, "pulumi-language-nodejs"))) completeNode(bin);
  symlinkSync(join(pulumi, "pulumi"), join(bin, "pulumi"));

  const pulumiCommand = await PulumiCommand.get({ root: folder });

  const bigquery = await startViews();
  const runs = await startRunAdmin();
  const google = await startGoogle(bigquery);
  const stop = async () => {
    google.stop();
    await Promise.all([bigquery.stop(), runs.stop()]);
    rmSync(folder, { recursive: true });
  };
  try {
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName: "dev", workDir: program },
      {
        pulumiCommand,
        pulumiHome: join(folder, "home"),
        envVars: {
          PULUMI_BACKEND_URL: `file://${state}`,
          PULUMI_CONFIG_PASSPHRASE: "test",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          // Save the state at the end of a command, not after each resource, which takes as long as all the rest of an `up`.
          PULUMI_EXPERIMENTAL: "true",
          PULUMI_SKIP_CHECKPOINTS: "true",
          // Shows the setting --event-log.
          PULUMI_DEBUG_COMMANDS: "true",
          // Go collects garbage less often: the commands are short.
          GOGC: "400",
          PULUMI_DEBUG_PROVIDERS: `gcp:${google.port}`,
          NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${new URL("preloaded.mjs", import.meta.url)}`,
          PATH: [bin, pulumi, dirname(process.execPath), process.env.PATH].join(delimiter),
        },
      },
    );
    await stack.setConfig("gcp:project", { value: PROJECT });
    const env = () => ({ ...process.env, ...stack.workspace.envVars, PULUMI_HOME: stack.workspace.pulumiHome ?? "" });
    const run = async (command: string, ...flags: string[]) => {
      const log = join(folder, "events.jsonl");
      writeFileSync(log, "");
      const args = [command, ...(command === "preview" ? [] : ["--yes", "--skip-preview"]), ...flags];
      const common = ["--non-interactive", "--stack", "dev", "--event-log", log];
      const options = { cwd: program, env: env(), maxBuffer: 1e9 };
      try {
        await promisify(execFile)(join(bin, "pulumi"), [...args, ...common], options);
      } catch (error) {
        const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
        throw new Error(`${stdout}\n${stderr}`.trim() || message);
      }
      const lines = readFileSync(log, "utf8").split("\n").filter(Boolean);
      return lines.map((line) => JSON.parse(line) as EngineEvent);
    };
    const script = async (file: string, ...args: string[]) => {
      const run = promisify(execFile)(process.execPath, [join(program, file), ...args], { cwd: program, env: env() });
      const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
      return stdout + stderr;
    };
    // A command to kill saves its state after each resource, as it does for a user.
    const start = (...args: string[]) =>
      spawn(join(bin, "pulumi"), args, {
        cwd: program,
        env: { ...env(), PULUMI_SKIP_CHECKPOINTS: "false" },
        stdio: "ignore",
      });
    // Pulumi replaces its state at once, but not the file's attributes: a kill meanwhile would leave them empty.
    const stateFile = join(state, ".pulumi/stacks/gcp-data-demos/dev.json");
    const kill = async (command: ChildProcess) => {
      const ended = once(command, "exit");
      for (command.kill("SIGSTOP"); !isWhole(`${stateFile}.attrs`); command.kill("SIGSTOP")) {
        command.kill("SIGCONT");
        await sleep(20);
      }
      command.kill("SIGKILL");
      await ended;
    };
    return { stack, stateFile, google, bigquery, runs, run, script, start, kill, stop };
  } catch (error) {
    // Running servers would keep the tests from ending.
    await stop();
    throw error;
  }
}

function isWhole(file: string): boolean {
  try {
    return JSON.parse(readFileSync(file, "utf8")) !== undefined;
  } catch {
    return false;
  }
}

/** The parts that a command line built from source lacks: the two programs by which the engine runs Node. */
function completeNode(bin: string): void {
  const programs = {
    "pulumi-language-nodejs": join(root, "test/engine/language-host.ts"),
    "pulumi-resource-pulumi-nodejs": require.resolve("@pulumi/pulumi/cmd/dynamic-provider"),
  };
  for (const [name, file] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${file}" "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
}
