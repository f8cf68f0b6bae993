import { spawn } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isCodeKept } from "googlesql-duckdb/tree";
import { ROOM_FILE } from "../rehearsed-room.ts";

/** The file in a rehearsal's folder that says for which room and which Node keep.ts ran. */
const MARK = ".kept";
/** After so many milliseconds keep.ts has ended. If it kept nothing, it was stopped, so it runs again. */
const MOST_TIME = 10 * 60_000;

/**
 * Starts keep.ts in the background, with a low priority, unless it ran for this rehearsal before: later queries start sooner. `npm start`
 * and the queries call it at their end.
 * @param folder the folder that `npm start` wrote to
 */
export function keepLater(folder: string): void {
  const room = statSync(join(folder, ROOM_FILE), { throwIfNoEntry: false });
  const mark = join(folder, MARK);
  const wanted = `${process.version} ${room?.ino} ${room?.mtimeMs}`;
  try {
    if (room === undefined || (readMark(mark) === wanted && (isRecent(mark) || isCodeKept()))) return;
    // Before it is done, so that two queries do not start it twice.
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
