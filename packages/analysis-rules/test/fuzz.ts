const times = Math.max(0, Number(process.env.FUZZ ?? 0));

/** How many cases a property is tried with: few, and the same ones in each run. FUZZ=20 tries 20 times as many, and other ones in each run. */
export function fuzz(numRuns: number): { numRuns: number; seed?: number } {
  return times > 0 ? { numRuns: numRuns * times } : { numRuns, seed: 42 };
}

/** The time limit of a property's test in milliseconds. It is far above what a test takes, so that a slow machine fails none. */
export const fuzzTimeout = 300_000 * Math.max(1, times);
