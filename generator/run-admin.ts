import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "./errors.ts";
import { tellTouched } from "./rehearsal.ts";

/** What an execution of a job does otherwise than the job says: arguments replace the job's, variables are added to them. */
export interface Overrides {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A condition or a task's result, in the API's words. */
export interface Condition {
  readonly type?: string;
  readonly state?: string;
  readonly message?: string;
}

/** An execution of a job, the fields that are used here: cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs.executions */
export interface Execution {
  /** `projects/P/locations/R/jobs/J/executions/E` */
  readonly name: string;
  readonly logUri?: string;
  readonly taskCount?: number;
  readonly runningCount?: number;
  readonly succeededCount?: number;
  readonly retriedCount?: number;
  /** Set when it is over, however it ended. */
  readonly completionTime?: string;
  readonly conditions?: readonly Condition[];
}

export interface Task {
  readonly index?: number;
  readonly lastAttemptResult?: { readonly status?: { readonly message?: string }; readonly exitCode?: number };
}

/** The few calls of the Cloud Run Admin API, version 2, that start a job and watch it. They throw RunAdminError. */
export interface RunAdmin {
  /** Starts a job, `projects/P/locations/R/jobs/J`, without waiting for its end. */
  start(job: string, overrides?: Overrides): Promise<Execution>;
  execution(name: string): Promise<Execution>;
  tasks(execution: string): Promise<Task[]>;
}

/** A call that failed for good. `status` is HTTP's; undefined where there was no answer. */
export class RunAdminError extends Error {
  override name = "RunAdminError";
  readonly status: number | undefined;
  readonly timedOut: boolean;

  constructor(message: string, status?: number, timedOut = false) {
    super(message);
    this.status = status;
    this.timedOut = timedOut;
  }
}

const ATTEMPTS = 3;
const worthRetrying = [429, 500, 502, 503, 504];

/**
 * Opens the API at GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT, as Pulumi's provider reads it, or at Google's address. The token is
 * GOOGLE_OAUTH_ACCESS_TOKEN, or that of the application default credentials.
 * What the API cannot do at the moment (429, 5xx, no connection) is tried again a little later, twice.
 */
export function openRunAdmin({ timeoutMs = 20_000, pauseMs = 500 } = {}): RunAdmin {
  const endpoint = process.env.GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT || "https://run.googleapis.com/v2/";

  const call = async <T>(method: "GET" | "POST", path: string, body?: object): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await callOnce(method, `${endpoint.replace(/\/*$/, "/")}${path}`, timeoutMs, body)) as T;
      } catch (error) {
        if (!(error instanceof RunAdminError) || attempt === ATTEMPTS) throw error;
        // A call that starts something and was not answered in time is not made again: it may have been heard.
        const again = error.timedOut
          ? method === "GET"
          : error.status === undefined || worthRetrying.includes(error.status);
        if (!again) throw error;
        await sleep(pauseMs * attempt);
      }
    }
  };

  return {
    async start(job, { args, env } = {}) {
      const variables = Object.entries(env ?? {}).map(([name, value]) => ({ name, value }));
      const container = { ...(args && { args }), ...(variables.length > 0 && { env: variables }) };
      const overrides = Object.keys(container).length > 0 && { overrides: { containerOverrides: [container] } };
      tellTouched(`job/${job.split("/").at(-1)}`, "write");
      const { metadata } = await call<{ metadata?: Execution }>("POST", `${job}:run`, { ...overrides });
      if (metadata?.name === undefined) throw new RunAdminError(`Cloud Run started ${job} but names no execution`, 200);
      return metadata;
    },
    execution: (name) => call<Execution>("GET", name),
    async tasks(execution) {
      const { tasks = [] } = await call<{ tasks?: Task[] }>("GET", `${execution}/tasks?pageSize=100`);
      return tasks;
    },
  };
}

async function callOnce(method: string, url: string, timeoutMs: number, body?: object): Promise<unknown> {
  const token = await accessToken();
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError")
      throw new RunAdminError(`Cloud Run did not answer within ${timeoutMs / 1000} s`, undefined, true);
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new RunAdminError(`Cloud Run cannot be reached: ${messageOf(cause)}`);
  }
  const answer = parse(text);
  if (response.ok && answer !== undefined) return answer;
  const { error } = (answer ?? {}) as { error?: { message?: string } };
  throw new RunAdminError(
    `Cloud Run answered ${response.status}: ${error?.message ?? text.slice(0, 200)}`,
    response.status,
  );
}

async function accessToken(): Promise<string> {
  if (process.env.GOOGLE_OAUTH_ACCESS_TOKEN) return process.env.GOOGLE_OAUTH_ACCESS_TOKEN;
  const { GoogleAuth } = await import("google-auth-library");
  try {
    const token = await new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloud-platform" }).getAccessToken();
    if (token) return token;
  } catch (error) {
    throw new RunAdminError(
      `no Google credentials: run gcloud auth application-default login (${messageOf(error)})`,
      401,
    );
  }
  throw new RunAdminError("no Google credentials: run gcloud auth application-default login", 401);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
