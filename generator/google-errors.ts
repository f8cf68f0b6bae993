import { messageOf, NO_ACCESS, UserError } from "./errors.ts";

/**
 * What a person can do about an error of Google's client libraries that has to do with who asks and whether Google can be reached;
 * undefined for any other error.
 * @param where the bucket or project that was asked, as the message should name it
 * @param roles the roles that what was tried needs
 */
export function explainAccess(error: unknown, where: string, roles: string): UserError | undefined {
  const message = messageOf(error);
  const code = codeOf(error);
  if (code === 401 || /default credentials|invalid_grant|invalid_rapt/i.test(message))
    return new UserError(`no Google credentials for ${where}: run gcloud auth application-default login (${message})`);
  if (code === 403) {
    // BigQuery says 403 of more than missing rights, and gives the reason.
    const reason = (error as { errors?: { reason?: string }[] }).errors?.[0]?.reason ?? "forbidden";
    if (reason === "billingNotEnabled")
      return new UserError(
        `${where} has no billing account, and BigQuery changes no rows without: link one (${message})`,
      );
    if (!/accessDenied|forbidden|insufficientPermissions/i.test(reason)) return new UserError(`${where}: ${message}`);
    return new UserError(`${where} refuses this account, which needs ${roles}: ${message}`, NO_ACCESS);
  }
  // The system's codes, such as ENOTFOUND and ECONNREFUSED.
  if (typeof code === "string" && /^E[A-Z]+$/.test(code))
    return new UserError(`${where} cannot be reached, is this machine online? (${message})`);
  return undefined;
}

/** The code an error carries: HTTP's as a number, the system's as text. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
