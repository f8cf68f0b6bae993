import { rehearsalFolder } from "pulumi-rehearsal/touched";
import { UserError } from "../errors.ts";
import type { Lake } from "./lake.ts";

/**
 * Opens a lake by its URL: `gs://bucket/prefix` or `file:///absolute/folder`. In a rehearsal, a folder stands in for the bucket.
 * Throws UserError for any other URL.
 */
export async function openLake(url: string): Promise<Lake> {
  const rehearsal = rehearsalFolder();
  if (url.startsWith("gs://") && rehearsal !== undefined)
    return (await import("./rehearsed-bucket.ts")).openRehearsedBucket(rehearsal, url);
  if (url.startsWith("gs://")) return (await import("./gcs.ts")).openGcs(url);
  if (url.startsWith("file:///")) return (await import("./folder.ts")).openFolder(url);
  throw new UserError(`"${url}" is not a lake: use gs://BUCKET/PREFIX or file:///ABSOLUTE/FOLDER`);
}
