/* Says whether a difference between two groups is more than chance. */

/** A share, or a mean amount, of a group of `of` people or orders. */
export interface Figure {
  readonly value: number;
  readonly of: number;
}

/** A group smaller than this is not compared. */
export const FEW = 50;

/** From this many standard errors on, a difference is hardly chance, even between the two of twenty groups that differ most. */
export const CERTAIN = 3;

/**
 * The standard deviation of spend per customer, as a multiple of its mean: about 1.5 in thelook and in most shops. Answers contain only
 * means, so this is an assumption.
 */
const DEVIATION_OF_MEANS = 1.5;

/**
 * By how many standard errors the shares of two groups differ, if in truth both had the same: the z of the test of two
 * proportions. Above 0 if `a` has the larger share; 0 if both have none or all.
 */
export function sharesApart(a: Figure, b: Figure): number {
  const pooled = (a.value * a.of + b.value * b.of) / (a.of + b.of);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / a.of + 1 / b.of));
  return error > 0 ? (a.value - b.value) / error : 0;
}

/**
 * By how many standard errors two means of amounts differ, as ratios; 0 unless both are above 0.
 * @param deviation the standard deviation of the amounts, as a multiple of their mean
 */
export function meansApart(a: Figure, b: Figure, deviation = DEVIATION_OF_MEANS): number {
  if (!(a.value > 0 && b.value > 0)) return 0;
  return Math.log(a.value / b.value) / (deviation * Math.sqrt(1 / a.of + 1 / b.of));
}

/** Whether two shares differ by more than chance explains, in groups that are large enough. */
export function sharesDiffer(a: Figure, b: Figure): boolean {
  return Math.min(a.of, b.of) >= FEW && Math.abs(sharesApart(a, b)) >= CERTAIN;
}
