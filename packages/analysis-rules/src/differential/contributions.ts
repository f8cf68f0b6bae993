import { type Analysed, type Column, type Node, type Type, text } from "googlesql-duckdb/tree";
import { withItsClauses } from "../tree-parts.ts";
import { binOf, isBounded } from "./contribution-bounds.ts";
import { countsByLeaf, leavesOfUnit } from "./percentile.ts";
import type { BoundedAggregate, BoundedSelect, Computed, PrivateAggregate, PrivateSelect } from "./private-select.ts";

/** A SELECT of DuckDB with the types of its columns. */
export interface TypedSelect {
  readonly sql: string;
  readonly types: readonly Type[];
}

/**
 * The SELECT that adds up what the privacy units contribute to each group, before any noise. It keeps some random groups of each unit,
 * and clamps the unit's contribution to each of them to the bounds. A unit contributes its own average to AVG, measured from the middle
 * of the bounds. It contributes a few of its values to a percentile.
 *
 * The SELECT has a row for each group: the values of GROUP BY as text, the number of units, then for each aggregate a total and the number of
 * units in it. The total of a percentile is the text that `countsOf` reads.
 * @param key a different key chooses different groups
 * @param rows the SELECT of `rowsToAggregate`
 */
export function contributions(select: BoundedSelect, key: string, rows: string): TypedSelect {
  const { groups, aggregates } = select;
  const keys = groups.map((_, index) => `g${index}`);
  const sums = aggregates.flatMap((aggregate, index) => [sumOf(aggregate, `v${index}`), `count(v${index})`]);
  return {
    sql: `${unitsOf(select, key, rows)}
SELECT ${[...keys.map((name) => `CAST(${name} AS VARCHAR)`), "count(*)", ...sums].join(", ")} FROM units${
      keys.length === 0 ? "" : ` GROUP BY ${keys.join(", ")} ORDER BY ${keys.join(", ")}`
    }`,
    types: [
      ...groups.map(() => STRING),
      INT64,
      ...aggregates.flatMap(({ kind }) => [kind === "percentile" ? STRING : DOUBLE, INT64]),
    ],
  };
}

/**
 * The SELECT that counts contributions by bin, for the aggregates without bounds: the aggregate's index, the bin, the number of
 * contributions. Undefined if all aggregates have bounds.
 */
export function binsOf(select: PrivateSelect, key: string, rows: string): TypedSelect | undefined {
  const parts = select.aggregates.flatMap((aggregate, index) =>
    isBounded(aggregate)
      ? []
      : [`SELECT ${index}, ${binOf(`v${index}`)} AS bin, count(*) FROM units WHERE v${index} IS NOT NULL GROUP BY bin`],
  );
  if (parts.length === 0) return undefined;
  return { sql: `${unitsOf(select, key, rows)}\n${parts.join(" UNION ALL ")}`, types: [INT64, INT64, INT64] };
}

/** The WITH clause `units`: a row for each unit and group, with the group's values `g0`… and the unit's contributions `v0`…. */
function unitsOf({ groups, aggregates, maxGroups }: PrivateSelect, key: string, rows: string): string {
  const keys = groups.map((_, index) => `g${index}`);
  const by = ["u", ...keys].join(", ");
  const order = `md5(concat_ws('|', ${[text(key), "u", ...keys].join(", ")}))`;
  const chosen =
    keys.length === 0 || !Number.isFinite(maxGroups)
      ? ""
      : ` QUALIFY row_number() OVER (PARTITION BY u ORDER BY ${order}) <= ${maxGroups}`;
  const of = aggregates.map((aggregate, index) => `${ofUnit(aggregate, `x${index}`, key)} AS v${index}`);
  return `WITH unit_rows AS (${rows}),
units AS (SELECT ${[by, ...of].join(", ")} FROM unit_rows GROUP BY ${by}${chosen})`;
}

const STRING: Type = { typeKind: "TYPE_STRING" };
const INT64: Type = { typeKind: "TYPE_INT64" };
const DOUBLE: Type = { typeKind: "TYPE_DOUBLE" };

/** A unit's contribution to a group, clamped if there are bounds; NULL if the argument `x` has no value. */
function ofUnit(aggregate: PrivateAggregate, x: string, key: string): string {
  const { kind, argument } = aggregate;
  if (kind === "percentile") return leavesOfUnit(aggregate as BoundedAggregate, x, key);
  if (kind === "count") return clamped(argument ? `count(${x})` : "count(*)", aggregate);
  // NaN does not count, and sums stay far from the limits of FLOAT64.
  const value = `CASE WHEN NOT isnan(${x}::DOUBLE) THEN greatest(-1e200, least(1e200, ${x}::DOUBLE)) END`;
  return clamped(`${kind}(${value})`, aggregate);
}

function clamped(value: string, aggregate: PrivateAggregate): string {
  if (!isBounded(aggregate)) return value;
  const { lower, upper } = aggregate;
  // DuckDB's greatest and least ignore NULL.
  return `CASE WHEN ${value} IS NOT NULL THEN greatest(${double(lower)}, least(${double(upper)}, ${value})) END`;
}

function sumOf(aggregate: BoundedAggregate, value: string): string {
  if (aggregate.kind === "percentile") return countsByLeaf(value);
  const counted = aggregate.kind === "avg" ? `${value} - ${double(middle(aggregate))}` : value;
  return `coalesce(sum(${counted}), 0)`;
}

/** The middle of the bounds. */
export function middle({ lower, upper }: BoundedAggregate): number {
  return lower + (upper - lower) / 2;
}

function double(value: number): string {
  return `'${value}'::DOUBLE`;
}

/**
 * The rows that a SELECT aggregates, as a query of its own: the unit `u`, the values of GROUP BY `g0`…, the aggregates' arguments `x0`….
 */
export function rowsToAggregate(query: Analysed, { scan, unit, groups, aggregates }: PrivateSelect): Analysed {
  const args = aggregates.flatMap(({ column, argument }, index) =>
    argument ? [{ name: `x${index}`, column, expr: argument }] : [],
  );
  const computed = [...groups.map((group, index) => ({ name: `g${index}`, ...group })), ...args];
  const columnOf = ({ column, expr }: Computed): Column => ({ ...column, type: expr.type as Type });
  const project: Node = {
    kind: "ProjectScan",
    columnList: [unit, ...computed.map(columnOf)],
    exprList: computed.map((value) => ({ kind: "ComputedColumn", column: columnOf(value), expr: value.expr })),
    inputScan: scan.inputScan,
  };
  const outputs = [
    { name: "u", column: unit },
    ...computed.map((value) => ({ name: value.name, column: columnOf(value) })),
  ];
  const body = withItsClauses(query.query, scan, project) ?? project;
  return { ...query, outputs, query: body };
}
