import { randomBytes } from "node:crypto";

/** A source of random numbers. */
export interface Chance {
  /** A number between 0 and 1, both excluded. */
  uniform(): number;
  /** A new key, so that each query chooses again which groups of a unit to keep. */
  key(): string;
}

/** The operating system's cryptographic source: anyone who can predict the noise can subtract it. */
export const cryptographic: Chance = {
  uniform() {
    const bytes = randomBytes(8);
    const high = bytes.readUInt32LE(0);
    const low = bytes.readUInt32LE(4) >>> 12;
    return (high * 2 ** 20 + low + 0.5) / 2 ** 52;
  },
  key: () => randomBytes(16).toString("hex"),
};

/**
 * Adds Laplace noise to a value. The result is differentially private with `epsilon` if one privacy unit changes the value by at most
 * `sensitivity`. Both value and noise are rounded to multiples of one power of two, because the last bits of a plain floating-point sum
 * would reveal the value (Mironov, "On significance of the least significant bits for differential privacy", 2012).
 */
export function withNoise(value: number, sensitivity: number, epsilon: number, chance: Chance): number {
  if (sensitivity === 0) return value;
  const granularity = 2 ** Math.ceil(Math.log2(sensitivity / epsilon) - 40);
  // The rounding can add this much to the sensitivity.
  const scale = (sensitivity + granularity) / epsilon / granularity;
  const noise = Math.floor(-Math.log(chance.uniform()) * scale) - Math.floor(-Math.log(chance.uniform()) * scale);
  return (Math.round(value / granularity) + noise) * granularity;
}

/**
 * The threshold for showing a group, compared with its number of privacy units plus noise. A unit that is alone in all of its groups
 * makes one of them reach the threshold with a probability of at most `delta`. ZetaSQL uses the same formula.
 */
export function groupThreshold(epsilon: number, delta: number, maxGroups: number): number {
  const scale = maxGroups / epsilon;
  // 1 - (1 - delta) ** (1 / maxGroups), written so that a small delta keeps its digits.
  const each = -Math.expm1(Math.log1p(-delta) / maxGroups);
  return each <= 0.5 ? 1 - scale * Math.log(2 * each) : 1 + scale * Math.log(2 * (1 - each));
}
