import { type AuthLibrary, accessTokens, type Connection, callHeaders, readConnection } from "./connection.ts";

/*
 * Functions and no classes: Pulumi keeps them as text in the state, with the provider of `JobRun`. The entry point
 * `bigquery-clean-room/run-admin` exports them too, for programs that start jobs without Pulumi.
 */

/** Changes for one execution of a job. */
export interface Overrides {
  /** Arguments to use instead of the job's. */
  readonly args?: readonly string[];
  /** Environment variables to add to the job's. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A condition of an execution, in the API's words. */
export interface Condition {
  readonly type?: string;
  readonly state?: string;
  readonly message?: string;
}

/**
 * The fields of an execution that are used here:
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs.executions
 */
export interface Execution {
  /** `projects/P/locations/R/jobs/J/executions/E` */
  readonly name: string;
  /** The console's page of the log. */
  readonly logUri?: string;
  readonly taskCount?: number;
  readonly runningCount?: number;
  readonly succeededCount?: number;
  readonly retriedCount?: number;
  /** When it was started, in RFC 3339. */
  readonly createTime?: string;
  /** Set when the execution is over, however it ended. */
  readonly completionTime?: string;
  readonly conditions?: readonly Condition[];
}

/** The fields of a task that are used here. */
export interface Task {
  readonly index?: number;
  readonly lastAttemptResult?: { readonly status?: { readonly message?: string }; readonly exitCode?: number };
}

/** The calls of the Cloud Run Admin API that start a job and watch it. They reject with a RunAdminError. */
export interface RunAdmin {
  /** Starts a job, `projects/P/locations/R/jobs/J`, and returns without waiting for its end. Call it only while no execution of the job is running. */
  start(job: string, overrides?: Overrides): Promise<Execution>;
  /** Reads the state of an execution, by its full name. */
  execution(name: string): Promise<Execution>;
  /** Lists the newest executions of a job, newest first, at most 20. */
  executions(job: string): Promise<Execution[]>;
  /** Lists the tasks of an execution, at most 100. */
  tasks(execution: string): Promise<Task[]>;
}

/** A call that failed for good. */
export interface RunAdminError extends Error {
  readonly name: "RunAdminError";
  /** The HTTP status, 401 if signing in failed, or undefined if no answer arrived. */
  readonly status: number | undefined;
  /** Whether the call was sent and nobody answered in time: it may have taken effect. */
  readonly timedOut: boolean;
}

/** Makes a RunAdminError. */
export function runAdminError(message: string, status?: number, timedOut = false): RunAdminError {
  return Object.assign(new Error(message), { name: "RunAdminError" as const, status, timedOut });
}

/** Whether an error is a RunAdminError. */
export function isRunAdminError(error: unknown): error is RunAdminError {
  return error instanceof Error && error.name === "RunAdminError";
}

/** How to call the Cloud Run Admin API. */
export interface RunAdminOptions {
  /** How to reach Google Cloud and how to sign in. @default as the environment variables of Pulumi's Google provider say */
  readonly connection?: Connection;
  /** Imports google-auth-library, if signing in needs it. @default a plain import */
  readonly load?: () => Promise<AuthLibrary>;
  /** How long to wait for an answer. @default 20000 */
  readonly timeoutMs?: number;
  /** The pause before the first retry; the second one is twice as long. @default 500 */
  readonly pauseMs?: number;
}

const ATTEMPTS = 3;
const TEMPORARY = [429, 500, 502, 503, 504];

/**
 * Opens the Cloud Run Admin API, version 2. Calls that fail for a temporary reason (429, 5xx, no connection) are retried twice. A start is
 * retried only if the job is not running then, and not at all if it was not answered in time.
 * @example
 * const { name } = await openRunAdmin().start("projects/my-project/locations/us-central1/jobs/my-job");
 */
export function openRunAdmin(options: RunAdminOptions = {}): RunAdmin {
  const { connection = readConnection(), load, timeoutMs = 20_000, pauseMs = 500 } = options;
  const endpoint = (connection.endpoints.run || "https://run.googleapis.com/v2/").replace(/\/*$/, "/");
  const accessToken = accessTokens(connection, load);

  const signedIn = () =>
    accessToken().catch((error) => {
      throw runAdminError(`cannot sign in to Google Cloud: ${messageOf(error)}`, 401);
    });
  /** @param instead the answer to return in place of a retry, if there is one */
  const call = async <T>(
    method: "GET" | "POST",
    path: string,
    body?: object,
    instead?: (error: RunAdminError) => Promise<T | undefined>,
  ): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        const headers = callHeaders(connection, await signedIn());
        return (await callOnce(method, `${endpoint}${path}`, headers, timeoutMs, body)) as T;
      } catch (error) {
        if (!isRunAdminError(error) || attempt === ATTEMPTS || !isWorthRetrying(error, method)) throw error;
        await pause(pauseMs * attempt);
        const other = await instead?.(error);
        if (other !== undefined) return other;
      }
    }
  };

  const executions = async (job: string) => {
    const found = await call<{ executions?: Execution[] }>("GET", `${job}/executions?pageSize=20`);
    return (found.executions ?? []).sort((one, other) => (other.createTime ?? "").localeCompare(one.createTime ?? ""));
  };
  // Google may have started the job before it failed. A second execution would write to the same tables.
  const runningOne = async (job: string, { status }: RunAdminError) => {
    const running = status === 429 ? undefined : (await executions(job)).find(({ completionTime }) => !completionTime);
    return running && { metadata: running };
  };

  return {
    async start(job, { args, env } = {}) {
      const variables = Object.entries(env ?? {}).map(([name, value]) => ({ name, value }));
      const container = { ...(args && { args }), ...(variables.length > 0 && { env: variables }) };
      const overrides = Object.keys(container).length > 0 && { overrides: { containerOverrides: [container] } };
      const { metadata } = await call<{ metadata?: Execution }>("POST", `${job}:run`, { ...overrides }, (error) =>
        runningOne(job, error),
      );
      if (metadata?.name === undefined) throw runAdminError(`Cloud Run started ${job} but names no execution`, 200);
      return metadata;
    },
    execution: (name) => call<Execution>("GET", name),
    executions,
    async tasks(execution) {
      const { tasks = [] } = await call<{ tasks?: Task[] }>("GET", `${execution}/tasks?pageSize=100`);
      return tasks;
    },
  };
}

function isWorthRetrying({ status, timedOut }: RunAdminError, method: string): boolean {
  return timedOut ? method === "GET" : status === undefined || TEMPORARY.includes(status);
}

async function callOnce(
  method: string,
  url: string,
  headers: Record<string, string>,
  timeoutMs: number,
  body?: object,
): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError")
      throw runAdminError(`Cloud Run did not answer within ${timeoutMs / 1000} s`, undefined, true);
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw runAdminError(`Cloud Run cannot be reached: ${messageOf(cause)}`);
  }
  const answer = parse(text);
  if (response.ok && answer !== undefined) return answer;
  const { error } = (answer ?? {}) as { error?: { message?: string } };
  throw runAdminError(
    `Cloud Run answered ${response.status}: ${error?.message ?? text.slice(0, 200)}`,
    response.status,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim();
}

/** Resolves after some milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
