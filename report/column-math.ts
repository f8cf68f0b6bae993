/* Access, search and statistics on columns of numbers. */

type Numbers = ArrayLike<number>;

/** The value at an index that the caller knows to exist, so that its type has no `undefined`. */
export function at(column: Numbers, i: number): number {
  return column[i] as number;
}

/** Index of the first value in an ascending column that is not below `value`. */
export function lowerBound(column: Float64Array, value: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(column, middle) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The quantile of ascending values at `part`, 0 to 1, interpolated between two of them. NaN without values. */
export function quantile(ascending: Float64Array, part: number): number {
  const place = (ascending.length - 1) * part;
  const low = ascending[Math.floor(place)] ?? Number.NaN;
  const high = ascending[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/** The share of the highest tenth of ascending values in their sum; of fewer than ten values, the share of the highest one. */
export function topTenthShare(ascending: Float64Array): number {
  const sum = ascending.reduce((total, value) => total + value, 0);
  const top = ascending.slice(-Math.max(1, Math.round(ascending.length / 10)));
  return top.reduce((total, value) => total + value, 0) / sum;
}

/** Widths that a bucket may have. */
const nice = [1, 2, 2.5, 5]
  .flatMap((digit) => Array.from({ length: 10 }, (_, power) => digit * 10 ** power))
  .sort((a, b) => a - b);

/**
 * Counts ascending values in buckets of equal width from 0. The last bucket is open: it takes the values beyond the 98th percentile.
 * @param least the smallest width of a bucket @param buckets how many there may be before the last one
 */
export function histogram(ascending: Float64Array, least: number, buckets: number) {
  const most = Math.max(quantile(ascending, 0.98), least);
  const width = nice.find((one) => one >= least && most / one <= buckets) ?? most;
  const number = Math.max(1, Math.ceil(most / width));
  const counts = Array.from({ length: number + 1 }, () => 0);
  for (const value of ascending) {
    const i = Math.max(0, Math.min(number, Math.floor(value / width)));
    counts[i] = (counts[i] ?? 0) + 1;
  }
  return counts.map((count, i) => ({ from: i * width, to: i === number ? undefined : (i + 1) * width, count }));
}
