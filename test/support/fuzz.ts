/** How many cases a property is held against: the same ones each time. FUZZ=20 has 20 times as many, and others each time. */
export function fuzz(numRuns: number): { numRuns: number; seed?: number } {
  const times = Number(process.env.FUZZ ?? 0);
  return times > 0 ? { numRuns: numRuns * times } : { numRuns, seed: 42 };
}
