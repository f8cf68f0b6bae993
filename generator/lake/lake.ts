import { UserError } from "../errors.ts";
import { rehearsalFolder } from "../rehearsal.ts";

/** What is known of a file once it is written whole. */
export interface FileInfo {
  readonly bytes: number;
  /** MD5 in hexadecimal: Cloud Storage keeps it too, so a file there is checked without reading it. */
  readonly md5: string;
}

/** A file being written: it becomes visible, whole, when `close` returns, and not at all after `abort`. */
export interface FileWriter {
  /** Takes over `chunk` until the promise settles; waits when the target is slower than the source. */
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<FileInfo>;
  abort(): Promise<void>;
}

/** Where files live: a bucket and prefix, or a folder as its stand-in. Paths are relative, with `/`. */
export interface Lake {
  readonly url: string;
  create(path: string): Promise<FileWriter>;
  /** Writes a small file whole, atomically. */
  writeText(path: string, text: string): Promise<FileInfo>;
  /** The text of a small file, or undefined where there is none. */
  readText(path: string): Promise<string | undefined>;
  stat(path: string): Promise<FileInfo | undefined>;
  /** Paths under a prefix, sorted. */
  list(prefix: string): Promise<string[]>;
  /** How the warehouse of the same target finds the file: `gs://…` or an absolute path. */
  uri(path: string): string;
}

/**
 * Opens a lake by its URL: `gs://bucket/prefix` or `file:///absolute/folder`. In a rehearsal a folder stands for the bucket.
 * Throws UserError for any other URL.
 */
export async function openLake(url: string): Promise<Lake> {
  const rehearsal = rehearsalFolder();
  if (url.startsWith("gs://") && rehearsal !== undefined)
    return (await import("./rehearsed.ts")).openRehearsedBucket(rehearsal, url);
  if (url.startsWith("gs://")) return (await import("./gcs.ts")).openGcs(url);
  if (url.startsWith("file:///")) return (await import("./folder.ts")).openFolder(url);
  throw new UserError(`"${url}" is not a lake: use gs://BUCKET/PREFIX or file:///ABSOLUTE/FOLDER`);
}
