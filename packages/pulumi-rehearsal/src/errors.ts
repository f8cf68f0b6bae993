/**
 * A mistake in the program or its settings. The message says what happened, where, and what to do: print it without a stack trace.
 * @example
 * throw new UserError(`the folder ${out} is not empty: choose another one`);
 */
export class UserError extends Error {
  override name = "UserError";
  /** The exit code for a command line. */
  readonly exitCode = 1;
}

/** The message of anything thrown, on one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim();
}
