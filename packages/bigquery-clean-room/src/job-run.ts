import * as pulumi from "@pulumi/pulumi";
import { canonical } from "./canonical.ts";
import { type Connection, readConnection } from "./connection.ts";
import { lastLogLines } from "./log-lines.ts";
import { importPackage } from "./packages.ts";
import { type Execution, openRunAdmin, pause, type RunAdmin } from "./run-admin.ts";
import { MODULE } from "./type.ts";

/** One run of a Cloud Run job. A change of any field but `timeoutSeconds` runs the job again. */
export interface JobRunArgs {
  /** The Cloud Run job, `projects/P/locations/R/jobs/J`. */
  readonly job: pulumi.Input<string>;
  /** A hash of the code and the settings that the job runs with: a new value runs the job again. */
  readonly fingerprint: pulumi.Input<string>;
  /** Environment variables for this run, in addition to the job's own. @default none */
  readonly env?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Arguments for this run instead of the job's own. @default the job's own */
  readonly args?: pulumi.Input<pulumi.Input<string>[]>;
  /** How long to wait for the end of the run, in seconds. */
  readonly timeoutSeconds: pulumi.Input<number>;
}

/**
 * One successful run of a Cloud Run job. `pulumi up` starts the job, waits for its end and shows its progress. While another execution of the
 * job is running, it waits for that one's end first. If the run fails, the `up` fails with the last lines of the task's log and a link to it, and
 * the next `up` runs the job again. Unchanged inputs never run it twice. A refresh and a destroy do nothing.
 * @example
 * const filled = new JobRun(
 *   "filled",
 *   {
 *     job: "projects/my-project/locations/us-central1/jobs/fill",
 *     fingerprint: hashOfCodeAndSettings,
 *     timeoutSeconds: 1800,
 *   },
 *   { dependsOn: [job, tables, grants] },
 * );
 * export const log = filled.logUri;
 */
export class JobRun extends pulumi.dynamic.Resource {
  /** The execution, `projects/P/locations/R/jobs/J/executions/E`. */
  declare readonly execution: pulumi.Output<string>;
  /** The console's page of its log. */
  declare readonly logUri: pulumi.Output<string>;

  /**
   * @param name the resource's name in Pulumi
   * @param args the run
   * @param opts Pulumi's options. Depend on everything that the run needs: tables, code and grants.
   */
  constructor(name: string, args: JobRunArgs, opts?: pulumi.CustomResourceOptions) {
    super(provider, name, { execution: undefined, logUri: undefined, ...args }, opts, MODULE, "JobRun");
  }
}

/** `JobRunArgs` as the provider receives them. */
export interface JobRunInputs {
  readonly job: string;
  readonly fingerprint: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly timeoutSeconds: number;
}

interface Pace {
  /** The pause between two checks of the execution. */
  readonly pollMs: number;
  /** The pause before the second run; the one before the third is twice as long. Grants take some two minutes to take effect. */
  readonly pauseMs: number;
}

/** The provider, with the pace at which it polls. See `packages.ts` for what it may use. */
export function jobRunProvider(pace: Pace): pulumi.dynamic.ResourceProvider<JobRunInputs> {
  // A property and not a variable: Pulumi gives each method a copy of every variable.
  const configured: { connection: Connection | undefined } = { connection: undefined };
  return {
    // Read the Google provider's settings: Pulumi does not pass them on to this provider.
    async configure({ config }) {
      configured.connection = readConnection((key) => config.get(key));
    },

    async create(inputs) {
      const { connection = readConnection() } = configured;
      const load = () => importPackage("google-auth-library");
      const api = openRunAdmin({ connection, load });
      const logOf = (execution: string, task: number) =>
        lastLogLines(execution, task, { connection, load, pauseMs: pace.pollMs });
      const { name, logUri } = await runJob(api, logOf, inputs, pace);
      return { id: name, outs: { ...inputs, execution: name, logUri } };
    },

    async diff(_id, before: JobRunInputs, after) {
      // Another timeout needs no other run.
      const replaces = (["job", "fingerprint", "env", "args"] as const).filter(
        (key) => canonical(before[key]) !== canonical(after[key]),
      );
      return { changes: replaces.length > 0, replaces };
    },
  };
}

const provider = jobRunProvider({ pollMs: 3_000, pauseMs: 60_000 });

/** The maximum number of runs, if grants may not be in effect yet. */
const MOST_RUNS = 3;
/** The exit code with which a program says that it was refused: EX_NOPERM of sysexits.h. */
const REFUSED = 77;

/** Reads the last lines of a task's log. */
type LogReader = (execution: string, task: number) => Promise<string[]>;

async function runJob(api: RunAdmin, logOf: LogReader, inputs: JobRunInputs, pace: Pace): Promise<Execution> {
  const short = inputs.job.slice(inputs.job.lastIndexOf("/") + 1);
  const deadline = Date.now() + inputs.timeoutSeconds * 1000;
  for (let run = 1; ; run++) {
    const failure = { message: "", access: false };
    try {
      await othersEnd(api, inputs.job, short, deadline, pace);
      const { name } = await api.start(inputs.job, inputs);
      const ended = await ending(api, name, short, deadline, pace);
      if (conditionOf(ended)?.state === "CONDITION_SUCCEEDED") return ended;
      Object.assign(failure, await failureOf(api, logOf, ended));
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

/**
 * Waits until no other execution of the job is running, such as one of a schedule, or of an `up` that was interrupted: two at once would
 * write to the same tables.
 */
async function othersEnd(api: RunAdmin, job: string, short: string, deadline: number, pace: Pace): Promise<void> {
  for (;;) {
    const other = (await api.executions(job)).find(({ completionTime }) => !completionTime);
    if (other === undefined) return;
    console.log(`${short}: is running already; waiting for the end of ${other.name.split("/").at(-1)}`);
    await ending(api, other.name, short, deadline, pace);
  }
}

/** Waits for the end of an execution, and shows its progress whenever that changes. */
async function ending(api: RunAdmin, name: string, short: string, deadline: number, pace: Pace): Promise<Execution> {
  let shown = "";
  let logUri = "";
  while (Date.now() < deadline) {
    try {
      const execution = await api.execution(name);
      logUri = execution.logUri ?? logUri;
      const progress = progressOf(execution);
      if (progress !== shown) console.log(`${short}: ${progress}`);
      shown = progress;
      if (execution.completionTime) return execution;
    } catch (error) {
      // The job keeps running even if the API does not answer for a while.
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

/**
 * Why an execution failed: the last lines of the first failed task's log, then the messages of the execution and its tasks and the link to the
 * log; and whether a permission may be missing.
 */
async function failureOf(
  api: RunAdmin,
  logOf: LogReader,
  execution: Execution,
): Promise<{ message: string; access: boolean }> {
  const tasks = await api.tasks(execution.name).catch(() => []);
  const failed = tasks.filter(({ lastAttemptResult: result }) => result?.exitCode || result?.status?.message);
  const results = failed.slice(0, 3).map(({ index = 0, lastAttemptResult: result }) => {
    const exit = result?.exitCode ? ` (exit code ${result.exitCode})` : "";
    return `task ${index}: ${result?.status?.message ?? "failed"}${exit}`;
  });
  const lines = [conditionOf(execution)?.message ?? "it was not completed", ...results];
  const access = /permission|forbidden|denied|\b403\b|mount/i.test(lines.join("\n"));
  const refused = failed.some(({ lastAttemptResult }) => lastAttemptResult?.exitCode === REFUSED);
  const [first] = failed;
  const log = first === undefined ? [] : await logOf(execution.name, first.index ?? 0);
  // The log says why; Cloud Run says only that the container ended.
  const said = log.length > 0 ? ["the end of its log says", ...log.map((line) => `  ${line}`)] : [];
  const message = [...said, ...lines, `Its log: ${execution.logUri}`].join("\n");
  return { message, access: access || refused };
}

function conditionOf({ conditions = [] }: Execution) {
  return conditions.find(({ type }) => type === "Completed");
}
