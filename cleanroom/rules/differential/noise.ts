import { randomBytes } from "node:crypto";

/** Where the noise comes from. */
export interface Chance {
  /** A number between 0 and 1, neither included. */
  uniform(): number;
  /** A new key, for choices that differ from query to query. */
  key(): string;
}

/** From the operating system's cryptographic source: noise that can be foreseen can be taken off. */
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
 * A value with noise of Laplace's distribution: differentially private to `epsilon` where one privacy unit changes the value by
 * `sensitivity` at most. Value and noise are multiples of one power of two, since the last bits of a plain sum of the two would tell
 * the value (Mironov, "On significance of the least significant bits for differential privacy", 2012).
 */
export function withNoise(value: number, sensitivity: number, epsilon: number, chance: Chance): number {
  if (sensitivity === 0) return value;
  const granularity = 2 ** Math.ceil(Math.log2(sensitivity / epsilon) - 40);
  // What the rounding can add to the change.
  const scale = (sensitivity + granularity) / epsilon / granularity;
  const noise = Math.floor(-Math.log(chance.uniform()) * scale) - Math.floor(-Math.log(chance.uniform()) * scale);
  return (Math.round(value / granularity) + noise) * granularity;
}

/**
 * The number of privacy units, with noise to `epsilon`, from which a group is shown: a group of one unit reaches it with a probability
 * below `delta`, taken over all the groups that a unit may be in. As ZetaSQL does it.
 */
export function groupThreshold(epsilon: number, delta: number, maxGroups: number): number {
  const scale = maxGroups / epsilon;
  // 1 - (1 - delta) ** (1 / maxGroups), exact for small ones.
  const each = -Math.expm1(Math.log1p(-delta) / maxGroups);
  return each <= 0.5 ? 1 - scale * Math.log(2 * each) : 1 + scale * Math.log(2 * (1 - each));
}
