import type { Chance } from "../../src/differential/noise.ts";

/** Noise that is the same in every run. */
export function seeded(seed: number): Chance {
  // Mulberry32, a small generator that is good enough to look random.
  let state = (seed * 0x9e3779b1) | 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 + 2 ** -33;
  };
  return { uniform, key: () => String(seed) };
}

/** No noise at all, and one choice of groups: what remains is the value that noise has to hide. */
export function noiseless(key = "one"): Chance {
  return { uniform: () => 0.5, key: () => key };
}
