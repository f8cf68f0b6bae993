import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, NO_ACCESS, UserError } from "./errors.ts";

/**
 * Turns an error of Google's client libraries about credentials, permissions or the network into a UserError that says
 * what to do. Returns undefined for any other error.
 * @param where the bucket or project, as the message should name it
 * @param roles the roles that the call needs
 */
export function explainAccess(error: unknown, where: string, roles: string): UserError | undefined {
  const message = messageOf(error);
  const code = codeOf(error);
  if (credentialFile.test(message))
    return new UserError(
      `the credentials for ${where} cannot be read: correct GOOGLE_APPLICATION_CREDENTIALS, or unset it and run gcloud auth application-default login (${message})`,
    );
  if (code === 401 || /default credentials|invalid_grant|invalid_rapt/i.test(message))
    return new UserError(`no Google credentials for ${where}: run gcloud auth application-default login (${message})`);
  if (code === 403) {
    // BigQuery answers 403 for more than missing permissions, and gives a reason.
    const reason = (error as { errors?: { reason?: string }[] }).errors?.[0]?.reason ?? "forbidden";
    if (reason === "billingNotEnabled")
      return new UserError(
        `${where} has no billing account, and BigQuery changes no rows without one: link one to the project (${message})`,
      );
    if (!/accessDenied|forbidden|insufficientPermissions/i.test(reason)) return new UserError(`${where}: ${message}`);
    return new UserError(`${where} refuses this account, which needs ${roles}: ${message}`, NO_ACCESS);
  }
  if (isNetworkError(error))
    return new UserError(`${where} cannot be reached: check this machine's network connection (${reasonOf(error)})`);
  return undefined;
}

/** Google's words for a file of credentials that is missing or broken. */
const credentialFile = /unable to read the credential file/i;

/** Whether an error says that a connection could not be made, broke off or stayed silent. */
function isNetworkError(error: unknown): boolean {
  // A missing file of credentials has a code of the operating system, too.
  if (credentialFile.test(messageOf(error))) return false;
  const code = codeOf(error);
  // Codes of the operating system, such as ENOTFOUND and ECONNREFUSED, and of Node.
  if (typeof code === "string" && /^E[A-Z]+$|^ETIMEDOUT$|^EAI_|^ERR_STREAM_PREMATURE_CLOSE$|^UND_ERR_/.test(code))
    return true;
  return /network timeout|fetch failed|socket hang up|premature close|retry (limit|total time limit) exceeded/i.test(
    messageOf(error),
  );
}

/** Whether an error is likely to be temporary: the network failed, or the service is overloaded or being restarted. */
export function isPassing(error: unknown): boolean {
  return isNetworkError(error) || [408, 429, 500, 502, 503, 504].includes(Number(codeOf(error)));
}

/** The number of attempts: half a minute in all, with pauses that begin at a second. */
export const ATTEMPTS = 6;

/**
 * Retries work that fails for a temporary reason, after longer and longer pauses. Throws the last error.
 * @param pause milliseconds before the second attempt
 */
export async function withRetries<T>(work: () => Promise<T>, pause = 1000): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !isPassing(error)) throw error;
      // A random share keeps many processes from retrying at the same moment.
      await sleep(pause * 2 ** (attempt - 1) * (0.75 + Math.random() / 2));
    }
  }
}

/** The reason of a failed request in a few words: an answer's status if the service failed, without its page of HTML, else the message. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (typeof code === "number" && isPassing(error)) return `HTTP ${code}`;
  const [line = ""] = messageOf(error).split("\n");
  return line.replace(/^request to \S+ failed, reason: /, "");
}

/** An error's code: a number from HTTP, a text from the operating system. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
