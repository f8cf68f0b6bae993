/**
 * A mistake by the person or in the input: the message says what is wrong, where, and what to do.
 * It is printed without a stack trace and ends the process with its exit code; every other error is a bug and keeps its trace.
 */
export class UserError extends Error {
  override name = "UserError";
  /** NO_ACCESS if a right is missing, 1 otherwise. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The exit code of a command that was refused access (EX_NOPERM of sysexits.h): a grant may be missing, or not in effect yet. */
export const NO_ACCESS = 77;

/** The message of anything thrown, on one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim();
}

/** Compare names, not classes: a module imported on demand may exist twice, each with a class of its own. */
export function isUserError(error: unknown): error is UserError {
  return error instanceof Error && error.name === "UserError";
}

/** Explains an error of the file system that a person can mend, such as a read-only folder; undefined for any other error. */
function explainFiles(error: unknown): string | undefined {
  const { code, syscall, path: first, dest } = error as Record<string, unknown>;
  // A copy names both files.
  const path = ["ENOSPC", "EDQUOT"].includes(String(code)) ? (dest ?? first) : first;
  if (typeof path !== "string") return undefined;
  if (code === "ENOENT" && syscall === "mkdtemp")
    return `the folder for temporary files does not exist (${messageOf(error)}): set TMPDIR to a folder that does`;
  if (["EACCES", "EPERM", "EROFS"].includes(String(code)))
    return `${path} cannot be used (${messageOf(error)}): allow reading and writing it, or choose another folder`;
  if (["ENOSPC", "EDQUOT"].includes(String(code))) return `no space left to write ${path} (${code}): free some`;
  return undefined;
}

/** Runs a command line's `main` and turns what it throws into the message and exit code a script can rely on. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", tellLost);
  try {
    await main();
  } catch (error) {
    const message = isUserError(error) ? error.message : explainFiles(error);
    console.error(message === undefined ? error : `\nerror: ${message}`);
    process.exitCode = isUserError(error) ? error.exitCode : message === undefined ? 70 : 1;
  }
}

/** Fails the command if its output cannot be written, for example to a full disk. If a reader stops early (`| head`), the work goes on. */
function tellLost(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE" || process.exitCode) return;
  process.exitCode = 1;
  console.error(`\nerror: the output cannot be written (${messageOf(error)}): free some space, or write it elsewhere`);
}

/** Ends a failed command within two seconds, even if a connection to a silent server is still open. */
export function endIfFailed(): void {
  if (process.exitCode) setTimeout(() => process.exit(), 2000).unref();
}
