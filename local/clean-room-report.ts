import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CleanRoomData, UseCaseAnswer } from "../report/clean-room/shape.ts";

/** Where a rehearsal keeps its answers for the report, in the folder of answers. */
export const ANSWERS_FILE = "answers.json";

/**
 * The use cases' answers for the clean room's report, as the rehearsal got them: to ask again would spend the privacy budget again.
 * Undefined where there are none, and the report is left out.
 * @param out the folder of the rehearsal
 */
export function cleanRoomData(out: string): CleanRoomData | undefined {
  const file = join(out, "answers", ANSWERS_FILE);
  if (!existsSync(file)) return undefined;
  return { useCases: JSON.parse(readFileSync(file, "utf8")) as UseCaseAnswer[] };
}
