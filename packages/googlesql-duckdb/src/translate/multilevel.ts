import { listOf, type Node } from "../analyser/node.ts";
import { aggregates } from "./aggregates.ts";
import { expression } from "./expressions.ts";
import { type Item, list, rowsOf, select } from "./scans.ts";
import type { Computed, Scope } from "./scope.ts";
import { column } from "./sql.ts";

/* Aggregates of aggregates, as in AVG(SUM(price) GROUP BY customer). */

/** True if a column aggregates groups of its own. */
export function isMultilevel({ expr }: Computed): boolean {
  return listOf(expr.groupByList).length > 0 || listOf(expr.groupByAggregateList).length > 0;
}

/** Translates an aggregate scan with such columns: each is grouped twice, and joined with the others on the keys. */
export function multilevel(node: Node, items: readonly Item[], scope: Scope): string {
  if (listOf(node.groupingSetList).length > 0)
    scope.refuse("ROLLUP, CUBE or GROUPING SETS with aggregates of aggregates");
  const rows = node.inputScan as Node;
  const keys = computed(listOf<Computed>(node.groupByList), scope);
  const all = listOf<Computed>(node.aggregateList);
  const from = select(rows, [...rowsOf(node), ...itemsFrom(keys)], scope);
  const plain = aggregates(
    all.filter((each) => !isMultilevel(each)),
    scope,
  );
  // Without a key and another aggregate, the count makes one row of all.
  const parts = [
    grouped(keys, new Map([...plain, ["n", "count(*)"]]), `(${from})`),
    ...all.filter(isMultilevel).map((each) => twice(each, keys, from, scope)),
  ];
  const on = (at: number) =>
    [...keys.keys()].map((key) => `p0.${key} IS NOT DISTINCT FROM p${at}.${key}`).join(" AND ");
  const joined = parts.map((part, at) =>
    at === 0 ? `(${part}) AS p0` : `JOIN (${part}) AS p${at} ON ${on(at) || "TRUE"}`,
  );
  const names = [...keys.keys()].map((key) => [key, `p0.${key}`] as const);
  return `SELECT ${list(items, new Map(names))} FROM ${joined.join(" ")}`;
}

/** The SELECT of one aggregate of aggregates: the groups of its own first, then the scan's. */
function twice({ column: of, expr }: Computed, keys: Values, from: string, scope: Scope): string {
  const { groupByList, groupByAggregateList, ...call } = expr;
  const inner = listOf<Computed>(groupByAggregateList);
  if (inner.some(isMultilevel)) scope.refuse("aggregates of aggregates of aggregates");
  const own = computed(listOf<Computed>(groupByList), scope);
  const first = grouped(new Map([...keys, ...own]), aggregates(inner, scope), `(${from})`, keys);
  return grouped(keys, aggregates([{ column: of, expr: call as Node }], scope), `(${first})`, keys);
}

type Values = ReadonlyMap<string, string>;

/** @param made the keys that the rows have as columns already */
function grouped(keys: Values, values: Values, rows: string, made: Values = keys): string {
  const by = [...keys].map(([as, value]) => ({ value: made.has(as) ? as : value, as }));
  const columns = list([...by, ...itemsFrom(values)]);
  return `SELECT ${columns} FROM ${rows}${by.length > 0 ? ` GROUP BY ${by.map(({ value }) => value).join(", ")}` : ""}`;
}

function itemsFrom(values: Values): Item[] {
  return [...values].map(([as, value]) => ({ value, as }));
}

function computed(keys: readonly Computed[], scope: Scope): Map<string, string> {
  return new Map(keys.map(({ column: of, expr }) => [column(of.columnId), expression(expr, scope)]));
}
