import { type Column, duckDbType, text, type Value } from "googlesql-duckdb/tree";
import { middle } from "./contributions.ts";
import { type Chance, groupThreshold, withNoise } from "./noise.ts";
import { type Noisy, noisyPercentile } from "./percentile.ts";
import {
  type BoundedAggregate,
  type BoundedSelect,
  epsilonOfEach,
  groupsOf,
  type PrivateSelect,
} from "./private-select.ts";

/** A group of an answer: the values of GROUP BY as text, then the noisy aggregates. */
export type Released = readonly (string | number | null)[];

/**
 * Turns the rows that `contributions` selects into groups to show, with noise in their aggregates; undefined for a group to suppress. The
 * aggregates share epsilon evenly; if the query has GROUP BY, the choice of groups takes one more share. A group is shown if its number of
 * units, with noise, reaches a threshold. ZetaSQL does the same, after Wilson and others, "Differentially private SQL with bounded user
 * contribution", 2020.
 */
export function releaseOf(select: BoundedSelect, chance: Chance): (row: readonly Value[]) => Released | undefined {
  const { groups, aggregates, delta } = select;
  const grouped = groups.length > 0;
  const maxGroups = groupsOf(select);
  const epsilon = epsilonOfEach(select);
  const noisy = (value: number, sensitivity: number, share = 1) =>
    withNoise(value, sensitivity * maxGroups, epsilon * share, chance);
  const enough = grouped ? groupThreshold(epsilon, delta, maxGroups) : 0;

  return (row) => {
    const keys = row.slice(0, groups.length) as (string | null)[];
    const [units, ...sums] = row.slice(groups.length);
    if (grouped && noisy(Number(units), 1) < enough) return undefined;
    const values = aggregates.map((aggregate, index) => {
      const [total, counted] = sums.slice(2 * index);
      return aggregate.kind === "percentile"
        ? noisyPercentile(aggregate, String(total), noisy)
        : aggregated(aggregate, Number(total), Number(counted), noisy);
    });
    return [...keys, ...values];
  };
}

function aggregated(aggregate: BoundedAggregate, total: number, units: number, noisy: Noisy): number {
  const { kind, lower, upper, share = 1 } = aggregate;
  if (kind !== "avg") return noisy(total, Math.max(Math.abs(lower), Math.abs(upper)), share);
  const mean =
    middle(aggregate) + noisy(total, (upper - lower) / 2, share / 2) / Math.max(1, noisy(units, 1, share / 2));
  return Math.min(upper, Math.max(lower, mean));
}

/** The groups as a relation for DuckDB, in parentheses; a column is named `c` and its id, as in a translated scan. */
export function relationOf({ groups, aggregates }: PrivateSelect, rows: readonly Released[]): string {
  const columns = [...groups, ...aggregates].map(({ column }) => column);
  const types = columns.map(({ type }) => duckDbType(type) ?? "VARCHAR");
  const values = columns.map(({ columnId }, index) => `CAST(v${index} AS ${types[index]}) AS c${columnId}`);
  const names = columns.map((_, index) => `v${index}`).join(", ");
  const list =
    rows.length === 0
      ? `(SELECT ${columns.map((_, index) => `NULL AS v${index}`).join(", ")} WHERE false)`
      : `(VALUES ${rows.map((row) => `(${row.map((value, index) => sqlLiteral(value, columns[index])).join(", ")})`).join(", ")})`;
  return `(SELECT ${values.join(", ")} FROM ${list} AS answers(${names}))`;
}

function sqlLiteral(value: string | number | null, column: Column | undefined): string {
  if (value === null) return "NULL";
  if (typeof value === "number" && column?.type.typeKind === "TYPE_INT64") return `'${int64(value)}'`;
  return text(String(value));
}

/** The nearest INT64. */
function int64(value: number): bigint {
  const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
  const nearest = BigInt(Math.round(value));
  return nearest < least ? least : nearest > most ? most : nearest;
}
