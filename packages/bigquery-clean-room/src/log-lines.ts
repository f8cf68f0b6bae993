import { type AuthLibrary, accessTokens, type Connection, callHeaders } from "./connection.ts";

/* Functions and no classes, as in run-admin.ts: Pulumi keeps them as text in the state. */

export interface LogLinesOptions {
  /** How to reach Google Cloud and how to sign in. */
  readonly connection: Connection;
  /** Imports google-auth-library, if signing in needs it. */
  readonly load?: () => Promise<AuthLibrary>;
  /** How many lines to read. @default 10 */
  readonly most?: number;
  /** The pause before the log is read again: lines take some seconds to arrive. */
  readonly pauseMs: number;
}

const LOOKS = 4;
const LONGEST_LINE = 400;

/** The fields of a log entry that are used here: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry */
interface Entry {
  readonly textPayload?: string;
  readonly jsonPayload?: { readonly message?: string };
}

/**
 * Reads the last lines that a task of a Cloud Run job printed, oldest first. It needs the permission `logging.logEntries.list`, as in
 * `roles/logging.viewer`. Returns no lines if the log cannot be read, so that the job's own failure is still reported.
 * @param execution `projects/P/locations/R/jobs/J/executions/E`
 * @param task the task's index
 */
export async function lastLogLines(execution: string, task: number, options: LogLinesOptions): Promise<string[]> {
  const { connection, load, most = 10, pauseMs } = options;
  const [, project, , , , job, , name] = execution.split("/");
  const url = `${(connection.endpoints.logging || "https://logging.googleapis.com/v2/").replace(/\/*$/, "/")}entries:list`;
  const filter = [
    'resource.type="cloud_run_job"',
    `resource.labels.job_name="${job}"`,
    `labels."run.googleapis.com/execution_name"="${name}"`,
    `labels."run.googleapis.com/task_index"="${task}"`,
    // Lines of the program alone, without those in which Cloud Run says that the container ended.
    'log_id("run.googleapis.com/stdout") OR log_id("run.googleapis.com/stderr")',
  ];
  const body = {
    resourceNames: [`projects/${project}`],
    filter: filter.map((each) => `(${each})`).join(" AND "),
    orderBy: "timestamp desc",
    pageSize: most,
  };
  try {
    const token = await accessTokens(connection, load)();
    for (let look = 1; look <= LOOKS; look++) {
      const response = await fetch(url, {
        method: "POST",
        headers: callHeaders(connection, token),
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      });
      if (!response.ok) return [];
      const { entries = [] } = (await response.json()) as { entries?: Entry[] };
      const lines = entries.flatMap(({ textPayload, jsonPayload }) => textPayload ?? jsonPayload?.message ?? []);
      const said = lines.reverse().filter((line) => line.trim() !== "");
      if (said.length > 0) return said.map((line) => line.trimEnd().slice(0, LONGEST_LINE));
      if (look < LOOKS) await new Promise((done) => setTimeout(done, pauseMs));
    }
  } catch {
    // Signing in failed, or nobody answered.
  }
  return [];
}
