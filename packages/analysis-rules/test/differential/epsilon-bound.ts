/*
 * A statistical test of differential privacy. Runs of a mechanism on two databases that differ by one privacy unit give two samples of
 * answers. If the mechanism has (epsilon, delta), then for every set of answers S: P(S with the unit) <= e^epsilon * P(S without) + delta,
 * and the other way round. The samples give a lower bound on the epsilon for which that can be true. It may not exceed the declared epsilon.
 */

/** The probability with which a bound of `leastEpsilon` or `leastProbability` is wrong. Small, since the tests compute many. */
const MISTAKE = 1e-6;

/**
 * A lower bound on the epsilon of a mechanism, from samples of one number an answer; 0 if the samples show no difference. The first half of
 * the samples chooses the set of answers, all above or all below a limit, and the second half measures its probabilities.
 */
export function leastEpsilon(withUnit: readonly number[], without: readonly number[], delta: number): number {
  const half = (values: readonly number[]) => Math.floor(values.length / 2);
  const [chooseWith, testWith] = [withUnit.slice(0, half(withUnit)), withUnit.slice(half(withUnit))];
  const [chooseWithout, testWithout] = [without.slice(0, half(without)), without.slice(half(without))];
  const limits = quantiles([...chooseWith, ...chooseWithout], 50);
  const candidates = limits.flatMap((limit) =>
    [(value: number) => value > limit, (value: number) => value <= limit].flatMap((isIn) => [
      { isIn, more: [chooseWith, testWith], less: [chooseWithout, testWithout] } as const,
      { isIn, more: [chooseWithout, testWithout], less: [chooseWith, testWith] } as const,
    ]),
  );
  const boundOf = ({ isIn, more, less }: (typeof candidates)[number], which: 0 | 1) => {
    const least = probability(more[which].filter(isIn).length, more[which].length, "least") - delta;
    const most = probability(less[which].filter(isIn).length, less[which].length, "most");
    return least <= 0 ? 0 : Math.log(least / most);
  };
  const chosen = candidates.map((candidate) => ({ candidate, bound: boundOf(candidate, 0) }));
  const best = chosen.reduce((one, other) => (other.bound > one.bound ? other : one));
  return Math.max(0, boundOf(best.candidate, 1));
}

/** A lower bound on the probability of something that happened in `count` of `of` runs. */
export function leastProbability(count: number, of: number): number {
  return probability(count, of, "least");
}

/** The least or the largest probability that is consistent with a count, by Chernoff's bound. */
function probability(count: number, of: number, which: "least" | "most"): number {
  const seen = count / of;
  // Chernoff: n * divergence(seen, p) <= log(1 / MISTAKE), except with probability MISTAKE.
  const allowed = Math.log(1 / MISTAKE) / of;
  let [near, far] = [seen, which === "least" ? 0 : 1];
  for (let step = 0; step < 50; step++) {
    const middle = (near + far) / 2;
    if (divergence(seen, middle) <= allowed) near = middle;
    else far = middle;
  }
  return far;
}

/** Kullback and Leibler's divergence of two coins. */
function divergence(seen: number, p: number): number {
  const part = (s: number, q: number) => (s === 0 ? 0 : q === 0 ? Number.POSITIVE_INFINITY : s * Math.log(s / q));
  return part(seen, p) + part(1 - seen, 1 - p);
}

function quantiles(values: readonly number[], count: number): number[] {
  const sorted = values.toSorted((one, other) => one - other);
  return Array.from({ length: count }, (_, index) => sorted[Math.floor((index / count) * sorted.length)] ?? 0);
}
