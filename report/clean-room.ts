import type { CleanRoomData } from "./shape.ts";

/**
 * The use cases' answers, for the clean room's page; undefined where they cannot be had, and the page is left out. Asked as either party
 * asks, under the rules in force.
 */
export async function cleanRoomData(): Promise<CleanRoomData | undefined> {
  return undefined;
}
