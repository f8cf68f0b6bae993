import { homedir } from "node:os";
import { isAbsolute, resolve } from "node:path";

/**
 * Resolves a path against the folder in which the command was typed: npm changes to the project's folder and keeps the
 * caller's in INIT_CWD. A shell leaves the ~ of --out=~/demo as it is.
 */
export function resolveFromCaller(path: string): string {
  const given = path.replace(/^~(?=\/|$)/, () => homedir());
  return isAbsolute(given) ? given : resolve(process.env.INIT_CWD ?? process.cwd(), given);
}
