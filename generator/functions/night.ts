import { yesterdayInKyiv } from "../command-settings.ts";
import type { Run } from "../runs.ts";
import { HttpError } from "./http.ts";

/*
 * A step of the night looks at the data, not at the clock, to decide whether to run. Cloud Scheduler calls it until it answers 200; with these
 * retries, a step waits for the step before it. So a step may be late, fail, or be called twice or by hand.
 */

/** The progress of a step. */
export interface Standing {
  /** The newest output of the step; undefined if there is none. */
  readonly has: Run | undefined;
  /** Whether there is input from which the step has not made its output yet. */
  readonly due: boolean;
  /** The part of tonight's input that is missing, in words; undefined once all of it is there. */
  readonly waitsFor: string | undefined;
  /** When the step's input arrived, in milliseconds since 1970, if the work has to know. */
  readonly since?: number;
}

/** A step of the night. */
export interface Step {
  /** Reads the step's progress from the data, on a night whose last day of data is `night`, before or after the work. */
  readonly standing: (night: string, worked: boolean) => Promise<Standing>;
  /**
   * Makes the output, and returns the fields to add to the answer. Throws HttpError 503 if it should be called again. `joined` means that it
   * waited for work that somebody else had started, which may have made another output.
   * @param before the progress before the work
   */
  readonly work: (before: Standing) => Promise<Readonly<Record<string, unknown>>>;
}

/** The answer of a step. */
export interface StepAnswer {
  readonly status: number;
  readonly body: object;
}

/** The last day that tonight's data should have: yesterday in Kyiv, which is what the generator writes until. UNTIL overrides it. */
export function nightOf(): string {
  return process.env.UNTIL || yesterdayInKyiv();
}

/**
 * Does a step's work if it is due, and answers with the run and the last day of its data: 200 if tonight's output is there, and 503
 * ("call again") if the step waits for its input.
 * @example
 * await runStep({ standing, work }, "2026-11-27"); // { status: 200, body: { state: "done", run: "…", until: "2026-11-27" } }
 */
export async function runStep({ standing, work }: Step, night: string): Promise<StepAnswer> {
  const before = await standing(night, false);
  const did: Readonly<Record<string, unknown>> = before.due ? await work(before) : {};
  const { has, due, waitsFor } = before.due ? await standing(night, true) : before;
  const body = { night, ...has, ...did };
  if (due && waitsFor === undefined)
    throw new HttpError(did.joined ? 503 : 500, `the work ended, and its output is missing: ${JSON.stringify(body)}`);
  if (waitsFor !== undefined) return { status: 503, body: { state: "waiting", waitsFor, ...body } };
  return { status: 200, body: { state: before.due ? "done" : "already done", ...body } };
}

/**
 * Whether a run ends with a night's day. Not one that ends later, such as one that somebody made with another UNTIL: it would pass for
 * done night after night.
 */
export function isOf(run: Run | undefined, night: string): run is Run {
  return run?.until === night;
}

/** The end of a run's data, in words. */
export function reach(run: Run | undefined): string {
  return run === undefined ? "nothing yet" : `data until ${run.until}`;
}

/** Makes a function that runs its calls one after another. A call that fails does not stop the next. */
export function inTurn<Args extends unknown[], Result>(
  work: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (...args) => {
    const result = last.then(() => work(...args));
    last = result.catch(() => {});
    return result;
  };
}
