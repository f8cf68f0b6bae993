import * as pulumi from "@pulumi/pulumi";
import type { Execution, RunAdmin } from "../generator/run-admin.ts";
import { canonical } from "./canonical.ts";

/** What a run of a job does; whichever of it changes, the job runs again. */
export interface JobRunArgs {
  /** The Cloud Run job, `projects/P/locations/R/jobs/J`. */
  readonly job: pulumi.Input<string>;
  /** The hash of what the job runs and by which settings. */
  readonly fingerprint: pulumi.Input<string>;
  /** Variables for this run, beside the job's own. */
  readonly env?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Arguments for this run instead of the job's. */
  readonly args?: pulumi.Input<pulumi.Input<string>[]>;
  /** How long to wait for the run to end. */
  readonly timeoutSeconds: pulumi.Input<number>;
}

/**
 * One finished run of a Cloud Run job: `pulumi up` starts the job, waits, and shows how far it is. A run that fails fails the `up` with
 * the task's error and leaves nothing in the state, so that the next `up` runs it again; an unchanged one is not run again. There is
 * nothing to refresh or to delete.
 */
export class JobRun extends pulumi.dynamic.Resource {
  /** `projects/P/locations/R/jobs/J/executions/E` */
  declare readonly execution: pulumi.Output<string>;
  /** Where the console shows its log. */
  declare readonly logUri: pulumi.Output<string>;

  constructor(name: string, args: JobRunArgs, opts?: pulumi.CustomResourceOptions) {
    super(provider, name, { execution: undefined, logUri: undefined, ...args }, opts, "demo", "JobRun");
  }
}

/** `JobRunArgs` as the provider gets them. */
export interface JobRunInputs {
  readonly job: string;
  readonly fingerprint: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly timeoutSeconds: number;
}

interface Pace {
  readonly pollMs: number;
  /** Before a second run; twice as long before a third. Grants take some two minutes to reach all of Google. */
  readonly pauseMs: number;
}

/*
 * The provider is kept as text in the state and runs in another process. Our functions go with it, classes and packages do not: they are
 * imported when they are needed, from the bundle, which the program has just built in the folder it runs in.
 */

/** The provider, with the pace at which it looks. */
export function jobRunProvider(pace: Pace): pulumi.dynamic.ResourceProvider<JobRunInputs> {
  return {
    // What the stack tells its Google provider, this one is told too.
    async configure({ config }) {
      const told = [
        ["gcp:accessToken", "GOOGLE_OAUTH_ACCESS_TOKEN"],
        ["gcp:cloudRunV2CustomEndpoint", "GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT"],
      ] as const;
      for (const [key, variable] of told) {
        const value = config.get(key);
        if (value) process.env[variable] = value;
      }
    },

    async create(inputs) {
      const { resolve } = await import("node:path");
      const { pathToFileURL } = await import("node:url");
      const { openRunAdmin } = await import(pathToFileURL(resolve("dist/main.mjs")).href);
      const { name, logUri } = await runJob(openRunAdmin(), inputs, pace);
      return { id: name, outs: { ...inputs, execution: name, logUri } };
    },

    async diff(_id, before: JobRunInputs, after) {
      // How long to wait changes nothing that was made.
      const replaces = (["job", "fingerprint", "env", "args"] as const).filter(
        (key) => canonical(before[key]) !== canonical(after[key]),
      );
      return { changes: replaces.length > 0, replaces };
    },
  };
}

const provider = jobRunProvider({ pollMs: 3_000, pauseMs: 60_000 });

/** At most so many runs where grants may not have arrived yet. */
const MOST_RUNS = 3;

async function runJob(api: RunAdmin, inputs: JobRunInputs, pace: Pace): Promise<Execution> {
  const short = inputs.job.slice(inputs.job.lastIndexOf("/") + 1);
  const deadline = Date.now() + inputs.timeoutSeconds * 1000;
  for (let run = 1; ; run++) {
    const failure = { message: "", access: false };
    try {
      const { name } = await api.start(inputs.job, inputs);
      const ended = await ending(api, name, short, deadline, pace);
      if (conditionOf(ended)?.state === "CONDITION_SUCCEEDED") return ended;
      Object.assign(failure, await failureOf(api, ended));
    } catch (error) {
      const { message, status } = error as { message: string; status?: number };
      if (status !== 403) throw error;
      Object.assign(failure, { message, access: true });
    }
    const pauseMs = run * pace.pauseMs;
    if (!failure.access || run === MOST_RUNS || Date.now() + pauseMs > deadline)
      throw new Error(`${short} failed: ${failure.message}`);
    console.log(`${short}: ${failure.message}\nA grant may be on its way; running it again in ${pauseMs / 1000} s`);
    await pause(pauseMs);
  }
}

/** Waits for the end of an execution, and says how far it is whenever that changes. */
async function ending(api: RunAdmin, name: string, short: string, deadline: number, pace: Pace): Promise<Execution> {
  let said = "";
  let logUri = "";
  while (Date.now() < deadline) {
    try {
      const execution = await api.execution(name);
      logUri = execution.logUri ?? logUri;
      const progress = progressOf(execution);
      if (progress !== said) console.log(`${short}: ${progress}`);
      said = progress;
      if (execution.completionTime) return execution;
    } catch (error) {
      // The job goes on, whether or not this question was answered.
      const { status = 503 } = error as { status?: number };
      if (status < 429) throw new Error(`${short} was started, but cannot be watched: ${(error as Error).message}`);
    }
    await pause(pace.pollMs);
  }
  throw new Error(`${short} has not ended in time and goes on (${name}); raise timeoutSeconds. Its log: ${logUri}`);
}

function progressOf({ taskCount = 1, succeededCount = 0, runningCount = 0, retriedCount = 0 }: Execution): string {
  const retried = retriedCount > 0 ? `, ${retriedCount} retried` : "";
  return `${succeededCount} of ${taskCount} tasks done, ${runningCount} running${retried}`;
}

/** What went wrong in an execution: its own words, its tasks' and the link to its log; and whether a right may have been missing. */
async function failureOf(api: RunAdmin, execution: Execution): Promise<{ message: string; access: boolean }> {
  const tasks = await api.tasks(execution.name).catch(() => []);
  const results = tasks.flatMap(({ index = 0, lastAttemptResult: result }) => {
    if (!result?.exitCode && !result?.status?.message) return [];
    const exit = result.exitCode ? ` (exit code ${result.exitCode})` : "";
    return [`task ${index}: ${result.status?.message ?? "failed"}${exit}`];
  });
  const lines = [conditionOf(execution)?.message ?? "it was not completed", ...results.slice(0, 3)];
  const access = /permission|forbidden|denied|\b403\b|mount/i.test(lines.join("\n"));
  // 77 is what our commands exit with when they are refused.
  const refused = tasks.some(({ lastAttemptResult }) => lastAttemptResult?.exitCode === 77);
  return { message: `${lines.join("\n")}\nIts log: ${execution.logUri}`, access: access || refused };
}

function conditionOf({ conditions = [] }: Execution) {
  return conditions.find(({ type }) => type === "Completed");
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
