import { normal, type Random } from "../random.ts";

/** An integer, uniform in [from, to]. */
export function between(random: Random, from: number, to: number): number {
  return from + random.below(to - from + 1);
}

/** Exponential with the given mean. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random.next()) * mean;
}

/**
 * A point in [0, 1), where the density rises along a straight line from 1 - slope to 1 + slope.
 * @param slope above -1 and below 1
 */
export function sloped(random: Random, slope: number): number {
  const point = random.next();
  return (2 * point) / (1 - slope + Math.sqrt((1 - slope) ** 2 + 4 * slope * point));
}

/** Poisson with the given mean. From 60 on it uses the normal approximation, whose error is too small to see in a chart. */
export function poisson(random: Random, mean: number): number {
  if (mean >= 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count++;
  return count;
}

const SLOTS = 1024;

/** Weights spread over 1,024 slots, so that a draw is one look-up. */
export type Choices = Uint8Array;

/** Spreads up to 256 weights over the slots. A weight above zero gets at least one slot. Throws if no weight is above zero. */
export function choices(weights: readonly number[]): Choices {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) throw new Error(`nothing to choose from: weights ${weights.join(", ")}`);
  const slots = new Uint8Array(SLOTS);
  let cumulative = 0;
  let filled = 0;
  let last = 0;
  for (const [index, weight] of weights.entries()) {
    if (weight <= 0) continue;
    cumulative += weight;
    last = index;
    const end = Math.min(SLOTS, Math.max(filled + 1, Math.round((cumulative / total) * SLOTS)));
    slots.fill(index, filled, end);
    filled = end;
  }
  return slots.fill(last, filled);
}

/** Draws an index into the weights that were passed to `choices`. */
export function choose(random: Random, among: Choices): number {
  return among[(random.next() * SLOTS) | 0] as number;
}
