import type { Value } from "../values.ts";
import { type Chance, withNoise } from "./noise.ts";
import {
  type BoundedAggregate,
  type BoundedSelect,
  type PrivateAggregate,
  type PrivateSelect,
  refused,
} from "./select.ts";

/*
 * Bounds that a query leaves out are found in the data, with half of the aggregate's epsilon: among bins that grow by powers of two, the
 * outermost that surely hold somebody's contribution (as ZetaSQL does it, after "Differentially private SQL with bounded user
 * contribution", 2020). Here all groups have the same bounds.
 */

/** Beyond this a contribution is moved into the last bin. */
const MOST_BIN = 100;

/** How likely a bin that nobody is in is taken for one that somebody is in. */
const MISTAKE = 1e-9;

/** DuckDB's number of the bin that a contribution is in: 0 for 0, 1 up to 1, then one for each power of two; below zero for negative ones. */
export function binOf(value: string): string {
  const power = `least(${MOST_BIN - 1}, greatest(0, ceil(log2(greatest(abs(${value}), 0.5)))))`;
  return `CASE WHEN ${value} = 0 THEN 0 ELSE CAST(sign(${value}) * (${power} + 1) AS INTEGER) END`;
}

/**
 * A SELECT with all of its bounds.
 * @param bins the bins of the contributions to each aggregate without bounds, as `binsOf` selects them: its place, the bin, how many
 * Throws Refusal where too few contributions are alike.
 */
export function bounded(select: PrivateSelect, bins: readonly (readonly Value[])[], chance: Chance): BoundedSelect {
  const { groups, aggregates } = select;
  const sensitivity = groups.length > 0 ? select.maxGroups : 1;
  const epsilon = select.epsilon / (aggregates.length + (groups.length > 0 ? 1 : 0)) / 2;
  const enough = (sensitivity / epsilon) * Math.log((2 * MOST_BIN + 1) / 2 / MISTAKE);
  const boundsOf = (aggregate: PrivateAggregate, place: number): BoundedAggregate => {
    if (isBounded(aggregate)) return aggregate;
    const counts = new Map(bins.filter(([of]) => of === place).map(([, bin, count]) => [Number(bin), Number(count)]));
    // Those that nobody is in, too: which they are must not show.
    const taken = Array.from({ length: 2 * MOST_BIN + 1 }, (_, index) => index - MOST_BIN).filter(
      (bin) => withNoise(counts.get(bin) ?? 0, sensitivity, epsilon, chance) >= enough,
    );
    const [lowest, highest] = [taken.at(0), taken.at(-1)];
    if (lowest === undefined || highest === undefined)
      throw refused("Too few rows to find contribution bounds in them.", adviceOn(select), aggregate.call);
    const [lower, upper] = [edge(lowest, -1), edge(highest, 1)];
    const bounds =
      aggregate.kind === "avg" ? { lower, upper } : { lower: Math.min(0, lower), upper: Math.max(0, upper) };
    return { ...aggregate, ...bounds, share: 1 / 2 };
  };
  return { ...select, aggregates: aggregates.map(boundsOf) };
}

/** What to do where too few contributions are alike; to have looked for them has cost the epsilon. */
function adviceOn({ charge, epsilon, maxEpsilon = Number.POSITIVE_INFINITY }: PrivateSelect): string {
  const spent = charge ? ` The query has spent epsilon ${charge.epsilon} all the same.` : "";
  const higher = epsilon < maxEpsilon ? ", or ask with a higher epsilon" : "";
  return `Give the bounds, as contribution_bounds_per_group => (0, 10)${higher}.${spent}`;
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
