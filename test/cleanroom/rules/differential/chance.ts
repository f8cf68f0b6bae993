import type { Chance } from "../../../../cleanroom/rules/differential/noise.ts";
import { Random } from "../../../../generator/random.ts";

/** Chance that is the same in every run. */
export function seeded(seed: number): Chance {
  const random = new Random(seed, "noise");
  return { uniform: () => random.next() + 2 ** -33, key: () => String(seed) };
}

/** No noise at all, and the choices of one key: what is left is what the noise has to hide. */
export function noiseless(key = "one"): Chance {
  return { uniform: () => 0.5, key: () => key };
}
