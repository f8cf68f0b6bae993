import { fileURLToPath } from "node:url";
import { UserError } from "./errors.ts";

/*
 * A rehearsal runs the declared jobs and functions on one machine: the environment's REHEARSAL names a folder that stands for Google
 * Cloud. Buckets are its folders `bucket/NAME`, BigQuery is its `warehouse.duckdb`. Everything else is as declared: the same
 * command, settings and URLs. What is touched is told, so that it can be held against the grants.
 */

/** The folder that stands for Google Cloud, absolute; undefined outside a rehearsal. Throws UserError for a wrong REHEARSAL. */
export function rehearsalFolder(): string | undefined {
  const url = process.env.REHEARSAL;
  if (!url) return undefined;
  if (!url.startsWith("file:///")) throw new UserError(`REHEARSAL is "${url}": use file:///ABSOLUTE/FOLDER`);
  return fileURLToPath(url);
}

const told = new Set<string>();

/** Tells a rehearsal on standard error, once a process, that this account used a resource: `bucket/NAME`, `dataset/NAME` or `job/NAME`. */
export function tellTouched(resource: string, access: "read" | "write"): void {
  const line = JSON.stringify({ touched: { resource, access } });
  if (told.has(line) || rehearsalFolder() === undefined) return;
  told.add(line);
  console.error(line);
}
