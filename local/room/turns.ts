import { RunError } from "googlesql-duckdb";

/** The number of tasks that may wait. More are refused, so that a caller who never stops asking does not fill the memory. */
const MOST_WAITING = 20;

/**
 * Makes a queue that does one piece of work at a time, in the order of the calls.
 * @returns a function that waits for its turn, does the work, and returns its result; it throws RunError if the signal is aborted before
 * the work begins, and if too many wait already
 * @example
 * const turn = oneAtATime();
 * await Promise.all([turn(first), turn(second)]); // the second starts when the first is done
 */
export function oneAtATime(): <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (work, signal) => {
    if (waiting >= MOST_WAITING)
      throw new RunError("limit", `${MOST_WAITING} queries of this party wait already: ask again when they are done`);
    waiting++;
    const before = last;
    const mine = (async () => {
      await before;
      waiting--;
      if (signal?.aborted) throw new RunError("cancelled", "The query was cancelled");
      return work();
    })();
    last = mine.catch(() => {});
    return mine;
  };
}
