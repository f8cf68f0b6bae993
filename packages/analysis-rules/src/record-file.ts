import { appendFile, readFile } from "node:fs/promises";
import { messageOf } from "googlesql-duckdb/tree";
import { RoomError } from "./room.ts";

/* A file of records, one a line, that several processes may share. */

/**
 * The lines of a file; none if there is no file yet. Throws RoomError for a file that cannot be read.
 * @param what the file's contents, for the message
 */
export async function linesIn(file: string, what: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw unusable(error, file, what);
  });
  return text.split("\n").filter((line) => line !== "");
}

/** Adds a record in one atomic write. Throws RoomError if the file cannot be written. */
export async function addRecord(file: string, what: string, record: object): Promise<void> {
  // The line break in front keeps this line apart from one that was cut off when its process died.
  await appendFile(file, `\n${JSON.stringify(record)}\n`).catch((error) => {
    throw unusable(error, file, what);
  });
}

function unusable(error: unknown, file: string, what: string): RoomError {
  const isFull = ["ENOSPC", "EDQUOT"].includes(String((error as NodeJS.ErrnoException).code));
  const cure = isFull ? "free some space" : "make it a file that you may read and write";
  return new RoomError("unreadable", `the record of ${what} in ${file} cannot be used (${messageOf(error)}): ${cure}`);
}
