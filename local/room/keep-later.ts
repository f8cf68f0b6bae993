import { spawn } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isCodeKept } from "googlesql-duckdb/tree";
import { ROOM_FILE } from "../rehearsed-room.ts";

/** The file in a rehearsal's folder that says for which room and which Node keep.ts ran. */
const MARK = ".kept";
/** After this many milliseconds keep.ts has ended. If it kept nothing by then, it was stopped, so start it again. */
const MOST_TIME = 10 * 60_000;

/**
 * Starts keep.ts in the background, with a low priority, unless it has already run for this rehearsal. Later queries then start faster. `npm start`
 * and the queries call it at their end.
 * @param folder the folder that `npm start` wrote to
 */
export function keepLater(folder: string): void {
  const room = statSync(join(folder, ROOM_FILE), { throwIfNoEntry: false });
  const mark = join(folder, MARK);
  const wanted = `${process.version} ${room?.ino} ${room?.mtimeMs}`;
  try {
    if (room === undefined || (readMark(mark) === wanted && (isRecent(mark) || isCodeKept()))) return;
    // Write this before keep.ts starts, so that two queries do not start it twice.
    writeFileSync(mark, wanted);
    const own = fileURLToPath(new URL("keep.ts", import.meta.url));
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", own, folder], {
      detached: true,
      stdio: "ignore",
    });
    child.on("error", () => {});
    child.unref();
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  } catch {
    // Everything works without it, for instance in a folder that cannot be written.
  }
}

function isRecent(file: string): boolean {
  return Date.now() - statSync(file).mtimeMs < MOST_TIME;
}

function readMark(mark: string): string | undefined {
  try {
    return readFileSync(mark, "utf8");
  } catch {
    return undefined;
  }
}
