import { isRunAdminError, openRunAdmin, type RunAdminError } from "bigquery-clean-room/run-admin";
import { tellTouched } from "pulumi-rehearsal/touched";
import { HttpError, type HttpFunction, jsonFunction, requireEnv } from "./http.ts";

/**
 * The function `trigger-job`: starts the Cloud Run job that writes the coffee shop's files, and answers 202 with the execution's
 * name without waiting for its end. It reads PROJECT_ID, REGION and JOB, the job's short name, from the environment.
 */
export const triggerJob: HttpFunction = jsonFunction(async () => {
  const { PROJECT_ID, REGION, JOB } = requireEnv("PROJECT_ID", "REGION", "JOB");
  const job = `projects/${PROJECT_ID}/locations/${REGION}/jobs/${JOB}`;
  tellTouched(`job/${JOB}`, "write");
  try {
    const { name, logUri } = await openRunAdmin().start(job);
    return { status: 202, body: { execution: name, ...(logUri && { logUri }) } };
  } catch (error) {
    if (!isRunAdminError(error)) throw error;
    throw answerTo(error, job);
  }
});

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
      `this function's account may not run ${job}, it needs roles/run.jobsExecutor on it: ${message}`,
    );
  if (status === 404) return new HttpError(500, `there is no ${job}, is JOB or REGION wrong? ${message}`);
  if (status === 409) return new HttpError(409, `${job} cannot be started now: ${message}`);
  if (status !== undefined && status < 300)
    return new HttpError(502, `${job} was started, or may have been: ${message}`);
  if (status === 429) return new HttpError(429, `${job} was not started, try again later: ${message}`);
  return new HttpError(502, `${job} was not started: ${message}`);
}
