import { type Execution, isRunAdminError, type RunAdmin, type RunAdminError } from "bigquery-clean-room/run-admin";
import { HttpError } from "./http.ts";

/** The most failed executions of a job in one night since it last succeeded: Cloud Run has retried each task several times by then. */
const MOST_FAILURES = 3;
/** The pause between two checks of an execution. */
const POLL_MS = 3_000;

export interface JobWork {
  /** The Cloud Run job, `projects/P/locations/R/jobs/J`. */
  readonly job: string;
  /** When to stop waiting, in milliseconds since 1970. The execution goes on. */
  readonly deadline: number;
  /** Whether an execution that was created at this time belongs to tonight. */
  readonly isTonight: (createTime: string) => boolean;
  /** When the job's input arrived, in milliseconds since 1970: earlier failures do not count. @default all of tonight's count */
  readonly since?: number;
}

/**
 * Waits for the execution of a job that is running, or starts one, and returns its name when it has succeeded, and whether it was running before.
 * @throws HttpError 503 if the execution failed or is still running at the deadline, or if the job has failed too often tonight; and
 *   the errors of `answerTo`
 */
export async function runJob(
  api: RunAdmin,
  { job, deadline, isTonight, since = 0 }: JobWork,
): Promise<{ execution: string; logUri?: string; joined?: true }> {
  const short = job.slice(job.lastIndexOf("/") + 1);
  try {
    const tonight = (await api.executions(job)).filter(({ createTime = "" }) => isTonight(createTime));
    const running = tonight.find(({ completionTime }) => !completionTime);
    // Newest first: failures before a success, such as those of an `up` that evening, are mended.
    const success = tonight.findIndex((execution) => execution.completionTime && !hasFailed(execution));
    const failures = (success < 0 ? tonight : tonight.slice(0, success)).filter(
      (execution) => hasFailed(execution) && Date.parse(execution.createTime ?? "") >= since,
    );
    if (running === undefined && failures.length >= MOST_FAILURES)
      throw new HttpError(
        503,
        `${short} failed ${failures.length} times tonight and will not be started again; the last time: ${reasonOf(failures[0])}`,
      );
    const ended = await endOf(api, running ?? (await api.start(job)), deadline);
    if (!ended.completionTime) throw new HttpError(503, `${short} is still running (${ended.name})`);
    if (hasFailed(ended))
      throw new HttpError(
        503,
        `${short} failed, attempt ${failures.length + 1} of ${MOST_FAILURES} tonight: ${reasonOf(ended)}`,
      );
    return { execution: ended.name, ...(ended.logUri && { logUri: ended.logUri }), ...(running && { joined: true }) };
  } catch (error) {
    if (!isRunAdminError(error)) throw error;
    throw answerTo(error, job);
  }
}

/** The state of an execution at its end, or at the deadline. A call that fails for a temporary reason is retried. */
async function endOf(api: RunAdmin, started: Execution, deadline: number): Promise<Execution> {
  let state = started;
  while (!state.completionTime && Date.now() < deadline) {
    try {
      state = await api.execution(state.name);
    } catch (error) {
      if (!isRunAdminError(error) || (error.status !== undefined && error.status < 429)) throw error;
    }
    if (!state.completionTime) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return state;
}

function completion({ conditions = [] }: Execution) {
  return conditions.find(({ type }) => type === "Completed");
}

function hasFailed(execution: Execution): boolean {
  return !!execution.completionTime && completion(execution)?.state !== "CONDITION_SUCCEEDED";
}

function reasonOf(execution: Execution | undefined): string {
  if (execution === undefined) return "no reason given";
  const log = execution.logUri === undefined ? "" : ` Its log: ${execution.logUri}`;
  return `${completion(execution)?.message ?? "it was not completed"}${log}`;
}

/**
 * The answer to the caller: 500 if this function is set up wrong, 409 and 429 as Cloud Run gives them, 502 or 504 if Cloud Run
 * fails.
 */
export function answerTo({ status, message, timedOut }: RunAdminError, job: string): HttpError {
  if (timedOut) return new HttpError(504, `${message}; ${job} may have been started`);
  if (status === 401) return new HttpError(500, message);
  if (status === 403)
    return new HttpError(
      500,
      `this function's account may not run or watch ${job}, it needs roles/run.jobsExecutor and roles/run.viewer on it: ${message}`,
    );
  if (status === 404) return new HttpError(500, `there is no ${job}, is its name or REGION wrong? ${message}`);
  if (status === 409) return new HttpError(409, `${job} cannot be started now: ${message}`);
  if (status !== undefined && status < 300)
    return new HttpError(502, `${job} was started, or may have been: ${message}`);
  if (status === 429) return new HttpError(429, `${job} was not started, try again later: ${message}`);
  return new HttpError(502, `${job} was not started: ${message}`);
}
