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
  // Codes of the operating system, such as ENOTFOUND and ECONNREFUSED.
  if (typeof code === "string" && /^E[A-Z]+$/.test(code))
    return new UserError(`${where} cannot be reached: check this machine's network connection (${message})`);
  return undefined;
}

/** An error's code: a number from HTTP, a text from the operating system. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
