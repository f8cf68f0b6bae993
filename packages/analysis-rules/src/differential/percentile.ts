import { text } from "googlesql-duckdb/tree";
import type { BoundedAggregate } from "./private-select.ts";

/*
 * A percentile is found by walking down a tree. Its leaves cut the bounds into equal parts, and each node counts the values below it. At
 * every level, the children's counts, with noise, tell in which child the percentile lies. ZetaSQL does the same (Google's
 * differential-privacy library, QuantileTree).
 */

/** Levels of the tree below its root. */
const LEVELS = 4;
/** Children of a node. */
const BRANCHES = 16;
const LEAVES = BRANCHES ** LEVELS;

/** The most values that a unit contributes to a group; the others are left out at random. */
const VALUES = 5;

/** A child with a smaller part of the values counts as empty, because noise alone could make it as large. */
const EMPTY = 0.0075;

/**
 * Adds noise to a value.
 * @param sensitivity how much one unit can change the value in a group
 * @param share the part of the aggregate's epsilon to use. @default 1
 */
export type Noisy = (value: number, sensitivity: number, share?: number) => number;

/** DuckDB's expression for the leaves of a unit's values in a group, as a list; NULL if the argument `x` has no value. */
export function leavesOfUnit({ lower, upper }: BoundedAggregate, x: string, key: string): string {
  const [from, to] = [lower, upper].map((bound) => `'${bound}'::DOUBLE`);
  const clamped = `greatest(${from}, least(${to}, ${x}::DOUBLE))`;
  const leaf = `CAST(least(${LEAVES - 1}, floor((${clamped} - ${from}) / greatest(${to} - ${from}, 1e-300) * ${LEAVES})) AS INTEGER)`;
  const order = `md5(concat_ws('|', ${text(key)}, u, ${x}))`;
  return `(list(${leaf} ORDER BY ${order}) FILTER (WHERE NOT isnan(${x}::DOUBLE)))[:${VALUES}]`;
}

/** DuckDB's expression for the text that `noisyPercentile` reads: how many values each leaf of a group holds. */
export function countsByLeaf(leaves: string): string {
  return `coalesce(CAST(list_aggregate(flatten(list(${leaves})), 'histogram') AS VARCHAR), '')`;
}

/**
 * The percentile of a group's values, with noise.
 * @param counts the text that `countsByLeaf` makes, such as `{12=3, 17=1}`
 */
export function noisyPercentile(
  { lower, upper, fraction = 0.5 }: BoundedAggregate,
  counts: string,
  noisy: Noisy,
): number {
  const leaves = [...counts.matchAll(/(\d+)=(\d+)/g)].map(([, leaf, count]) => [Number(leaf), Number(count)] as const);
  const within = (from: number, width: number) =>
    leaves.reduce((sum, [leaf, count]) => (leaf >= from && leaf < from + width ? sum + count : sum), 0);

  let [first, width, rank] = [0, LEAVES, fraction];
  while (width > 1) {
    const narrow = width / BRANCHES;
    // A value is counted once per level, so one unit changes the counts of a whole group by this much.
    const children = Array.from({ length: BRANCHES }, (_, child) =>
      Math.max(0, noisy(within(first + child * narrow, narrow), VALUES * LEVELS)),
    );
    const least = sum(children) * EMPTY;
    const parts = children.map((count) => (count < least ? 0 : count));
    const ends = parts.map((_, child) => sum(parts.slice(0, child + 1)));
    const place = rank * (ends.at(-1) ?? 0);
    const child = parts.findIndex((part, index) => part > 0 && (ends[index] ?? 0) >= place);
    const part = parts[child];
    if (part === undefined) break;
    rank = Math.max(0, 1 - ((ends[child] ?? 0) - place) / part);
    first += child * narrow;
    width = narrow;
  }
  return lower + ((first + rank * width) / LEAVES) * (upper - lower);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
