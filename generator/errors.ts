/**
 * A mistake of the person at the keyboard, or of the input: the message says what is wrong, where, and what to do.
 * It is printed without a stack trace and ends the process with exit code 1; every other error is a bug and keeps its trace.
 */
export class UserError extends Error {
  override name = "UserError";
}

/** The message of anything thrown, on one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim();
}

/** By name and not by class: a module imported on demand may exist twice, each with a class of its own. */
export function isUserError(error: unknown): error is UserError {
  return error instanceof Error && error.name === "UserError";
}

/** Runs a command line's `main` and turns what it throws into the message and exit code a script can rely on. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(isUserError(error) ? `\nerror: ${error.message}` : error);
    process.exitCode = isUserError(error) ? 1 : 70;
  }
}
