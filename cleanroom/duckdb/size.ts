import type { Analysed, Column } from "../googlesql/analyser.ts";
import { listOf, type Node } from "../googlesql/tree.ts";
import { UnsupportedSql } from "./unsupported.ts";

/*
 * How large a query becomes for DuckDB, whose planning neither the limit of time nor that of memory stops.
 */

/** More than this DuckDB plans for minutes. */
const MOST_TABLES = 40;
/** How much longer an expression may become. */
const MOST_GROWTH = 250;

/** Throws UnsupportedSql for a query that is too large to be planned, before anything goes through all that it stands for. */
export function checkSize({ query }: Analysed): void {
  if (tablesRead(query) > MOST_TABLES) throw new UnsupportedSql(`more than ${MOST_TABLES} tables in one query`);
  if (growth(query) > MOST_GROWTH) throw new UnsupportedSql("columns computed of one another so many times over");
}

/** How many tables, or single rows in place of one, a part of a query reads; a WITH clause counts as often as it is named. */
function tablesRead(part: unknown, clauses = new Map<string, number>()): number {
  if (typeof part !== "object" || part === null) return 0;
  const node = part as Node;
  if (node.kind === "TableScan" || node.kind === "SingleRowScan") return 1;
  if (node.kind === "WithRefScan") return clauses.get(node.withQueryName as string) ?? 1;
  if (node.kind === "WithScan")
    for (const { withQueryName, withSubquery } of listOf<WithEntry>(node.withEntryList))
      clauses.set(withQueryName, tablesRead(withSubquery, clauses));
  const inside = node.kind === "WithScan" ? [node.query] : Object.values(part);
  return inside.reduce<number>((sum, each) => sum + tablesRead(each, clauses), 0);
}

interface WithEntry {
  readonly withQueryName: string;
  readonly withSubquery: Node;
}

/**
 * By how many columns that expression grows that grows most, once computed columns are replaced by what they are computed of. DuckDB does
 * so to move conditions towards the tables: of `x || x` in 20 subqueries, one in another, it makes a million parts.
 */
function growth(query: Node): number {
  const made = new Map<string, readonly (readonly string[])[]>();
  const conditions: (readonly string[])[] = [];
  const clauses = new Map<unknown, readonly Column[]>();
  const visit = (part: unknown) => {
    if (typeof part !== "object" || part === null) return;
    const { column, expr, ...node } = part as Node & { readonly column?: Column; readonly expr?: Node };
    for (const { withQueryName, withSubquery } of listOf<WithEntry>(node.withEntryList))
      clauses.set(withQueryName, listOf(withSubquery.columnList));
    // An aggregate's value is there before anything is computed of it.
    if (column && expr) made.set(column.columnId, expr.kind.startsWith("A") ? [] : [columnsNamed(expr)]);
    if (node.filterExpr || node.joinExpr) conditions.push(columnsNamed([node.filterExpr, node.joinExpr]));
    const sources = [
      clauses.get(node.withQueryName) ?? [],
      ...listOf<{ outputColumnList?: Column[] }>(node.inputItemList).map((item) =>
        listOf<Column>(item.outputColumnList),
      ),
    ];
    if (node.kind === "WithRefScan" || node.kind === "SetOperationScan")
      listOf<Column>(node.columnList).forEach(({ columnId }, at) => {
        made.set(
          columnId,
          sources.map((columns) => (columns[at] ? [columns[at].columnId] : [])),
        );
      });
    Object.values(part).forEach(visit);
  };
  visit(query);

  const sizes = new Map<string, number>();
  const sizeOf = (id: string): number => {
    const known = sizes.get(id);
    if (known !== undefined) return known;
    const size = Math.max(1, ...(made.get(id) ?? []).map(sum));
    sizes.set(id, size);
    return size;
  };
  const sum = (ids: readonly string[]): number => ids.reduce((total, id) => total + sizeOf(id), 0);
  const expressions = [...conditions, ...[...made.values()].flat()];
  return expressions.reduce((most, ids) => Math.max(most, sum(ids) - ids.length), 0);
}

/** The ids of the columns that an expression names, each as often as it does. */
function columnsNamed(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  const { kind, column } = part as Node & { readonly column?: Column };
  return kind === "ColumnRef" && column ? [column.columnId] : Object.values(part).flatMap(columnsNamed);
}
