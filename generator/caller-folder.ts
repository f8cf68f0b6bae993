import { isAbsolute, resolve } from "node:path";

/**
 * Resolves a path against the folder in which the command was typed: npm changes to the project's folder and keeps the
 * caller's in INIT_CWD.
 */
export function resolveFromCaller(path: string): string {
  return isAbsolute(path) ? path : resolve(process.env.INIT_CWD ?? process.cwd(), path);
}
