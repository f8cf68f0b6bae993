import { statSync } from "node:fs";
import { join } from "node:path";
import { type CleanRoom, type Room, type RoomOptions, readRoom } from "analysis-rules";
import { openRehearsedRoom, ROOM_FILE } from "../rehearsed-room.ts";

/** A rehearsal's clean room that stays current: another `npm start` replaces the files, and the next query reads the new ones. */
export interface FollowedRoom {
  /** The description of the room. */
  readonly room: Room;
  /** Works with the room, which stays open until the work is done. */
  using<T>(work: (open: CleanRoom) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Opens a rehearsal's clean room. Throws what `openRehearsedRoom` throws. */
export async function followedRoom(
  folder: string,
  options: Pick<RoomOptions, "limits" | "soon">,
): Promise<FollowedRoom> {
  const file = join(folder, ROOM_FILE);
  const open = async () => {
    const version = versionOf(file);
    const cleanRoom = await openRehearsedRoom(folder, options);
    return { version, cleanRoom, room: readRoom(file), working: 0, replaced: false };
  };
  let current = await open();
  let opening: Promise<void> | undefined;
  const closeIfUnused = async (one: typeof current) => {
    if (one.replaced && one.working === 0) await one.cleanRoom.close();
  };
  const renew = async () => {
    const next = await open();
    const old = current;
    current = next;
    old.replaced = true;
    await closeIfUnused(old);
  };
  return {
    get room() {
      return current.room;
    },
    async using(work) {
      const found = versionOf(file);
      // While a rehearsal replaces the files, the old ones answer.
      if (found !== undefined && found !== current.version) {
        opening ??= renew().finally(() => {
          opening = undefined;
        });
        await opening;
      }
      const mine = current;
      mine.working++;
      try {
        return await work(mine.cleanRoom);
      } finally {
        mine.working--;
        await closeIfUnused(mine);
      }
    },
    close: () => current.cleanRoom.close(),
  };
}

/** Differs after another rehearsal; undefined if there is none at this moment. */
function versionOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.mtimeMs}`;
}
