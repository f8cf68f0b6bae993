import type { Value } from "googlesql-duckdb/tree";
import { type Chance, withNoise } from "./noise.ts";
import {
  type BoundedAggregate,
  type BoundedSelect,
  epsilonOfEach,
  groupsOf,
  type PrivateAggregate,
  type PrivateSelect,
} from "./private-select.ts";

/*
 * If a query gives no bounds, half of the aggregate's epsilon is spent on finding some in the data. Contributions are counted in bins
 * that double in width, and the bounds are the outer edges of the outermost bins that certainly hold somebody's contribution. ZetaSQL
 * does the same, after Wilson and others, "Differentially private SQL with bounded user contribution", 2020. Here all groups get the
 * same bounds.
 */

/** The number of bins on each side of zero; larger contributions are counted in the last one. */
const MOST_BIN = 100;

/** The probability of mistaking an empty bin for one that holds a contribution. */
const MISTAKE = 1e-9;

/** DuckDB's expression for a contribution's bin: 0 for zero, 1 for up to 1, 2 for up to 2, 3 for up to 4 and so on; negative below zero. */
export function binOf(value: string): string {
  const power = `least(${MOST_BIN - 1}, greatest(0, ceil(log2(greatest(abs(${value}), 0.5)))))`;
  return `CASE WHEN ${value} = 0 THEN 0 ELSE CAST(sign(${value}) * (${power} + 1) AS INTEGER) END`;
}

/**
 * Gives every aggregate bounds; undefined if too few contributions are similar. Then the answer has no rows, as in BigQuery.
 * @param bins the rows that `binsOf` selects: the aggregate's index, the bin, the number of contributions
 */
export function bounded(
  select: PrivateSelect,
  bins: readonly (readonly Value[])[],
  chance: Chance,
): BoundedSelect | undefined {
  const { aggregates } = select;
  const sensitivity = groupsOf(select);
  const epsilon = epsilonOfEach(select) / 2;
  const enough = (sensitivity / epsilon) * Math.log((2 * MOST_BIN + 1) / 2 / MISTAKE);
  const boundsOf = (aggregate: PrivateAggregate, index: number): BoundedAggregate | undefined => {
    if (isBounded(aggregate)) return aggregate;
    const counts = new Map(bins.filter(([of]) => of === index).map(([, bin, count]) => [Number(bin), Number(count)]));
    // Empty bins get noise as well, because which bins are empty must stay secret.
    const taken = Array.from({ length: 2 * MOST_BIN + 1 }, (_, place) => place - MOST_BIN).filter(
      (bin) => withNoise(counts.get(bin) ?? 0, sensitivity, epsilon, chance) >= enough,
    );
    const [lowest, highest] = [taken.at(0), taken.at(-1)];
    if (lowest === undefined || highest === undefined) return undefined;
    const [lower, upper] = [edge(lowest, -1), edge(highest, 1)];
    const bounds =
      aggregate.kind === "avg" ? { lower, upper } : { lower: Math.min(0, lower), upper: Math.max(0, upper) };
    return { ...aggregate, ...bounds, share: 1 / 2 };
  };
  const found = aggregates.map(boundsOf);
  return found.every((aggregate) => aggregate !== undefined) ? { ...select, aggregates: found } : undefined;
}

export function isBounded(aggregate: PrivateAggregate): aggregate is BoundedAggregate {
  return aggregate.lower !== undefined;
}

/** The lower (-1) or upper (1) edge of a bin. */
function edge(bin: number, side: -1 | 1): number {
  if (bin === 0) return 0;
  const sign = Math.sign(bin);
  const far = 2 ** (Math.abs(bin) - 1);
  const near = Math.abs(bin) === 1 ? 0 : far / 2;
  return sign * (sign === side ? far : near);
}
