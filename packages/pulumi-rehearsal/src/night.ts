import type { Rehearsal } from "./adapter.ts";
import { missed } from "./alerts.ts";
import { type Declared, need } from "./declaration.ts";
import { messageOf } from "./errors.ts";
import type { RunningFunction } from "./functions.ts";
import { fire } from "./schedules.ts";

/** Fires a schedule: calls `fire`, which resolves to the target's answer. */
type OnSchedule = (name: string, fire: () => Promise<unknown>) => Promise<void>;

/**
 * Fires the schedules in turn. A schedule that was refused calls again, as Cloud Scheduler does, and then lets the others go first. That continues
 * as long as anything changes.
 * Throws the error of a job whose last execution failed, or else the error of the first schedule that never got a 2xx answer.
 */
export async function night(
  rehearsal: Rehearsal,
  schedules: readonly Declared[],
  functions: Map<string, RunningFunction>,
  onSchedule: OnSchedule,
): Promise<void> {
  // The deployment was yesterday.
  rehearsal.counted.clear();
  const errors = new Map<Declared, unknown>();
  const calls = new Map<Declared, number>();
  for (let waiting = [...schedules], last = ""; waiting.length > 0; ) {
    for (const schedule of waiting) {
      errors.delete(schedule);
      const call = () => callUntilAnswered(rehearsal, schedule, functions, calls);
      await onSchedule(need(schedule, "name"), call).catch((error: unknown) => errors.set(schedule, error));
    }
    waiting = waiting.filter((schedule) => errors.has(schedule));
    const now = JSON.stringify([rehearsal.executions.size, [...errors.values()].map(messageOf)]);
    if (now === last) break;
    last = now;
  }
  missed(rehearsal);
  const newest = new Map([...rehearsal.executions.values()].map((execution) => [execution.job, execution]));
  for (const { failed } of newest.values()) if (failed !== undefined) throw failed;
  for (const error of errors.values()) throw error;
}

/** Calls a schedule's target until it answers 2xx, or twice in the same words without having run anything. Returns the answer. */
async function callUntilAnswered(
  rehearsal: Rehearsal,
  schedule: Declared,
  functions: Map<string, RunningFunction>,
  calls: Map<Declared, number>,
): Promise<unknown> {
  for (let before = ""; ; ) {
    const attempt = (calls.get(schedule) ?? 0) + 1;
    calls.set(schedule, attempt);
    await rehearsal.faults.call?.(need(schedule, "name"), attempt);
    try {
      return await fire(rehearsal, schedule, functions);
    } catch (error) {
      const now = JSON.stringify([rehearsal.executions.size, messageOf(error)]);
      if (now === before) throw error;
      before = now;
    } finally {
      await Promise.all([...rehearsal.executions.values()].map(({ over }) => over));
    }
  }
}
