import { fileURLToPath } from "node:url";
import { UserError } from "./errors.ts";

/*
 * For the code of jobs and functions. In a rehearsal, the variable REHEARSAL names the folder that stands in for the cloud. The code works
 * in that folder, and reports which things it touches, so that the rehearsal can check the grants.
 * This entry point imports no package, so that the code's bundle stays small.
 */

/**
 * The absolute path of the folder that stands in for the cloud, or undefined outside a rehearsal. A bucket is the subfolder `bucket/NAME`.
 * Throws UserError if REHEARSAL is not a `file:` URL.
 * @example
 * const folder = rehearsalFolder();
 * const lake = folder === undefined ? openBucket("sales") : openFolder(join(folder, "bucket", "sales"));
 */
export function rehearsalFolder(): string | undefined {
  const url = process.env.REHEARSAL;
  if (!url) return undefined;
  if (!url.startsWith("file:///")) throw new UserError(`REHEARSAL is "${url}": use file:///ABSOLUTE/FOLDER`);
  return fileURLToPath(url);
}

const told = new Set<string>();

/**
 * Reports to the rehearsal that this process used a thing, such as `bucket/NAME`, or a folder of a bucket, `bucket/NAME/FOLDER`. Writes one line to standard error the first time.
 * Does nothing after that, and outside a rehearsal.
 * @example
 * tellTouched("bucket/sales", "read");
 */
export function tellTouched(resource: string, access: "read" | "write" | "list"): void {
  const line = JSON.stringify({ touched: { resource, access } });
  if (told.has(line) || rehearsalFolder() === undefined) return;
  told.add(line);
  console.error(line);
}
