import { text } from "../../duckdb/sql.ts";
import type { Analysed, Column, Type } from "../../googlesql/analyser.ts";
import { listOf, type Node } from "../../googlesql/tree.ts";
import { binOf, isBounded } from "./bounds.ts";
import type { BoundedAggregate, BoundedSelect, Computed, PrivateAggregate, PrivateSelect } from "./select.ts";

/** What there is of a group before the noise: its values as text, the number of its privacy units, two sums an aggregate. */
export interface Contributions {
  /** DuckDB's SELECT, a row a group: the groups' values, `units`, then `total` and `units` of each aggregate. */
  readonly sql: string;
  readonly types: readonly Type[];
}

type InSql = (query: Analysed, sensitive: ReadonlySet<Node>) => string;

/**
 * The SELECT that adds up what the privacy units contribute to the groups: of each unit, some groups chosen at random, and in each a
 * contribution moved into the bounds. Of AVG, a unit contributes its average, counted from the middle of the bounds.
 * @param key tells apart the choices of groups
 * @param translate the query in DuckDB's SQL
 */
export function contributions(query: Analysed, select: BoundedSelect, key: string, translate: InSql): Contributions {
  const { groups, aggregates } = select;
  const keys = groups.map((_, index) => `g${index}`);
  const sums = aggregates.flatMap((aggregate, index) => [sumOf(aggregate, `v${index}`), `count(v${index})`]);
  return {
    sql: `${unitsOf(query, select, key, translate)}
SELECT ${[...keys.map((name) => `CAST(${name} AS VARCHAR)`), "count(*)", ...sums].join(", ")} FROM units${
      keys.length === 0 ? "" : ` GROUP BY ${keys.join(", ")} ORDER BY ${keys.join(", ")}`
    }`,
    types: [...groups.map(() => STRING), INT64, ...aggregates.flatMap(() => [DOUBLE, INT64])],
  };
}

/** The SELECT of the bins that the contributions to the aggregates without bounds are in; undefined where all have some. */
export function binsOf(query: Analysed, select: PrivateSelect, key: string, translate: InSql) {
  const parts = select.aggregates.flatMap((aggregate, index) =>
    isBounded(aggregate)
      ? []
      : [`SELECT ${index}, ${binOf(`v${index}`)} AS bin, count(*) FROM units WHERE v${index} IS NOT NULL GROUP BY bin`],
  );
  if (parts.length === 0) return undefined;
  return {
    sql: `${unitsOf(query, select, key, translate)}\n${parts.join(" UNION ALL ")}`,
    types: [INT64, INT64, INT64],
  };
}

/** What each unit contributes to its groups, as the clause `units`: the groups' values `g0`…, the contributions `v0`…. */
export function unitsOf(query: Analysed, select: PrivateSelect, key: string, translate: InSql): string {
  const { groups, aggregates, maxGroups } = select;
  const { query: rows, sensitive } = rowsOf(query, select);
  const keys = groups.map((_, index) => `g${index}`);
  const by = ["u", ...keys].join(", ");
  const order = `md5(concat_ws('|', ${[text(key), "u", ...keys].join(", ")}))`;
  const chosen =
    keys.length === 0 ? "" : ` QUALIFY row_number() OVER (PARTITION BY u ORDER BY ${order}) <= ${maxGroups}`;
  const of = aggregates.map((aggregate, index) => `${ofUnit(aggregate, `x${index}`)} AS v${index}`);
  return `WITH unit_rows AS (${translate(rows, sensitive)}),
units AS (SELECT ${[by, ...of].join(", ")} FROM unit_rows GROUP BY ${by}${chosen})`;
}

const STRING: Type = { typeKind: "TYPE_STRING" };
const INT64: Type = { typeKind: "TYPE_INT64" };
const DOUBLE: Type = { typeKind: "TYPE_DOUBLE" };

/** What a unit contributes to a group, within the bounds where there are some, of the argument `x`; NULL where it has no value. */
function ofUnit(aggregate: PrivateAggregate, x: string): string {
  const { kind, argument } = aggregate;
  if (kind === "count") return within(argument ? `count(${x})` : "count(*)", aggregate);
  // FLOAT64's NaN does not count, and sums stay far from its limits.
  const value = `CASE WHEN NOT isnan(${x}::DOUBLE) THEN greatest(-1e200, least(1e200, ${x}::DOUBLE)) END`;
  return within(`${kind}(${value})`, aggregate);
}

function within(value: string, aggregate: PrivateAggregate): string {
  if (!isBounded(aggregate)) return value;
  const { lower, upper } = aggregate;
  // Not NULL, since greatest and least pass over NULL.
  return `CASE WHEN ${value} IS NOT NULL THEN greatest(${double(lower)}, least(${double(upper)}, ${value})) END`;
}

function sumOf(aggregate: BoundedAggregate, value: string): string {
  const counted = aggregate.kind === "avg" ? `${value} - ${double(middle(aggregate))}` : value;
  return `coalesce(sum(${counted}), 0)`;
}

/** Half-way between the bounds. */
export function middle({ lower, upper }: BoundedAggregate): number {
  return lower + (upper - lower) / 2;
}

function double(value: number): string {
  return `'${value}'::DOUBLE`;
}

/** The rows that a scan aggregates, as a query of its own: the unit, what is grouped by, and the aggregates' arguments. */
function rowsOf(
  query: Analysed,
  { scan, unit, groups, aggregates }: PrivateSelect,
): { query: Analysed; sensitive: ReadonlySet<Node> } {
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
  const own = withClauses(query.query, scan).reduceRight<Node>(
    (inner, list) => ({ kind: "WithScan", columnList: project.columnList, withEntryList: list, query: inner }),
    project,
  );
  return { query: { ...query, outputs, query: own }, sensitive: new Set([project]) };
}

/** The WITH clauses that a scan can refer to, the outermost first. */
function withClauses(from: Node, scan: Node): (readonly Node[])[] {
  const way = wayTo(from, scan) ?? [];
  return way.flatMap((node, index) => {
    const entries = listOf(node.withEntryList);
    const place = entries.indexOf(way[index + 1] as Node);
    const visible = place === -1 ? entries : entries.slice(0, place);
    return visible.length === 0 ? [] : [visible];
  });
}

/** The nodes from one to another in its tree, both included; undefined where it is not there. */
function wayTo(from: unknown, scan: Node): Node[] | undefined {
  if (from === scan) return [scan];
  if (typeof from !== "object" || from === null) return undefined;
  for (const value of Object.values(from)) {
    const way = wayTo(value, scan);
    if (way) return Array.isArray(from) ? way : [from as Node, ...way];
  }
  return undefined;
}
