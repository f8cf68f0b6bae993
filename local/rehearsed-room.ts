import { existsSync } from "node:fs";
import { join } from "node:path";
import { BudgetExceeded, type CleanRoom, openRoom, type RoomOptions, readRoom } from "analysis-rules";
import { isUserError, UserError } from "../generator/errors.ts";
import { databases, databasesIn } from "./output-folder.ts";

/** The file beside the room's database that describes the room: parties, tables and rules. */
export const ROOM_FILE = "clean-room.json";
/** The file beside the room's database that records the spent privacy budgets. */
export const BUDGET_FILE = "clean-room-budget.jsonl";
/** The file beside the room's database that records who asked what of the other party's views. */
export const LOG_FILE = "clean-room-usage.jsonl";

/** The path of the file that describes the room. Throws UserError if the folder holds no rehearsal, or one without a clean room or its tables. */
export function roomFile(folder: string): string {
  const file = join(folder, ROOM_FILE);
  const made = databasesIn({ out: folder });
  if (existsSync(file)) {
    if (made.includes(databases.cleanRoom)) return file;
    throw new UserError(
      `the clean room's tables, ${join(folder, databases.cleanRoom)}, are missing: run npm start again`,
    );
  }
  if (made.length > 0)
    throw new UserError(`the last npm start made no clean room in ${folder}, because index.ts declared none`);
  throw new UserError(`there is no rehearsal in ${folder} yet: run npm start first`);
}

/**
 * Opens the clean room that a rehearsal made in a folder. Its errors say when another `npm start` helps.
 * Throws UserError if the folder holds no rehearsal, or one that cannot be read.
 * @param options the limits of one query, and the parties that are going to ask
 */
export async function openRehearsedRoom(
  folder: string,
  options: Pick<RoomOptions, "limits" | "soon"> = {},
): Promise<CleanRoom> {
  const file = roomFile(folder);
  const room = await open(folder, file, options).catch((error) => {
    if (!isUserError(error) || ("code" in error && error.code === "DATABASE_LOCKED")) throw error;
    throw new UserError(`${error.message}; npm start makes a new one`);
  });
  return {
    ...room,
    ask: (party, sql, options) =>
      room.ask(party, sql, options).catch((error) => {
        if (!(error instanceof BudgetExceeded)) throw error;
        throw new BudgetExceeded(error.message, `${error.advice} On a laptop, npm start restores the whole budget.`);
      }),
  };
}

async function open(folder: string, file: string, options: Pick<RoomOptions, "limits" | "soon">): Promise<CleanRoom> {
  return openRoom({
    database: join(folder, databases.cleanRoom),
    room: readRoom(file),
    ledger: join(folder, BUDGET_FILE),
    log: join(folder, LOG_FILE),
    ...options,
  });
}
