import { yesterdayInKyiv } from "../command-settings.ts";
import type { Lake } from "../lake/lake.ts";

/** The folder, under the prefix of the CSV files, of the days that executions write until. */
export const EXECUTIONS = "executions";

/** The part of an execution that one process writes. */
export interface Part {
  /** The number of tasks that the execution has. */
  readonly tasks: number;
  /** The execution's name; undefined outside Cloud Run, where nobody knows which tasks belong together. */
  readonly execution: string | undefined;
}

/**
 * The last day of the data that a task of the generator writes: yesterday in Kyiv. All tasks of an execution write until the same day, that of the
 * task which began first, even if others begin or are tried again after midnight: otherwise none of their runs would be complete.
 */
export async function lastDay(
  lake: Lake,
  prefix: string,
  { tasks, execution }: Part,
  now = Date.now(),
): Promise<string> {
  const yesterday = yesterdayInKyiv(now);
  if (tasks === 1 || !execution) return yesterday;
  return lake.writeOnce(`${prefix}/${EXECUTIONS}/${execution}`, yesterday);
}
