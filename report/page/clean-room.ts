import type { CleanRoomReport } from "../shape.ts";
import { instead } from "./frame.ts";
export function cleanRoomPage({ missing }: CleanRoomReport): void {
  instead(String(missing));
}
