import type { Analysed } from "../analyser/analyser.ts";
import { listOf, type Node } from "../analyser/node.ts";
import type { Column } from "../analyser/types.ts";
import { UnsupportedSql } from "../errors.ts";
import { writtenRows } from "./scans.ts";

/* Refuses queries that DuckDB would plan for minutes: neither the limit of time nor that of memory stops its planner. */

/** DuckDB plans a query of more tables for minutes. */
const MOST_TABLES = 40;
/** By how many columns an expression may grow. */
const MOST_GROWTH = 250;

/**
 * Checks a query's size. Call it before anything that visits a WITH clause once for each reference.
 * @throws UnsupportedSql if the query is too large to plan
 */
export function checkSize({ query }: Analysed): void {
  if (tablesRead(query) > MOST_TABLES)
    throw new UnsupportedSql(
      `more than ${MOST_TABLES} tables in one query`,
      undefined,
      "Each use of a WITH clause counts as well, and so does a SELECT without FROM, unless it is a part of a UNION ALL of such.",
    );
  if (growth(query) > MOST_GROWTH)
    throw new UnsupportedSql(
      "columns computed from each other so many times",
      undefined,
      "Aggregate in between, or name each column in fewer expressions.",
    );
}

/** The number of tables that a part of a query reads. Rows without FROM are a table, and so is a UNION ALL of such rows. A WITH clause counts once for each reference. */
function tablesRead(part: unknown, clauses = new Map<string, number>()): number {
  if (typeof part !== "object" || part === null) return 0;
  const node = part as Node;
  if (node.kind === "TableScan" || node.kind === "SingleRowScan" || writtenRows(node)) return 1;
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
 * The most by which an expression grows, in columns, when computed columns are replaced by their expressions. DuckDB does this to move
 * conditions towards the tables, and `x || x` in 20 nested subqueries becomes a million parts.
 */
function growth(query: Node): number {
  const made = new Map<string, readonly (readonly string[])[]>();
  const conditions: (readonly string[])[] = [];
  const clauses = new Map<unknown, readonly Column[]>();
  const visit = (part: unknown) => {
    if (typeof part !== "object" || part === null) return;
    const node = part as Node & { readonly column?: Column; readonly expr?: Node };
    const { column, expr } = node;
    for (const { withQueryName, withSubquery } of listOf<WithEntry>(node.withEntryList))
      clauses.set(withQueryName, listOf(withSubquery.columnList));
    // An aggregate is computed before expressions of it, so it does not grow.
    if (column && expr) made.set(column.columnId, expr.kind.startsWith("A") ? [] : [columnsNamed(expr)]);
    if (node.filterExpr || node.joinExpr) conditions.push(columnsNamed([node.filterExpr, node.joinExpr]));
    if (node.kind === "WithRefScan" || node.kind === "SetOperationScan") {
      const items = listOf<{ outputColumnList?: Column[] }>(node.inputItemList);
      const sources = [
        clauses.get(node.withQueryName) ?? [],
        ...items.map((item) => listOf<Column>(item.outputColumnList)),
      ];
      listOf<Column>(node.columnList).forEach(({ columnId }, at) => {
        made.set(
          columnId,
          sources.map((columns) => (columns[at] ? [columns[at].columnId] : [])),
        );
      });
    }
    for (const [field, value] of Object.entries(part)) if (!LEAVES.has(field)) visit(value);
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

/** Fields that hold no expression: most of a tree is these. */
const LEAVES = new Set(["columnList", "type", "parseLocationRange", "function", "signature", "table"]);

/** The ids of the columns in an expression, with repetitions. */
function columnsNamed(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  const { kind, column } = part as Node & { readonly column?: Column };
  return kind === "ColumnRef" && column ? [column.columnId] : Object.values(part).flatMap(columnsNamed);
}
