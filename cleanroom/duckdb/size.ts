import { listOf, type Node } from "../googlesql/tree.ts";

/** More than this DuckDB plans for minutes, in memory that no limit of its own holds. */
export const MOST_TABLES = 40;

/** How many tables, or single rows in place of one, a part of a query reads; a WITH clause counts as often as it is named. */
export function tablesRead(part: unknown, clauses = new Map<string, number>()): number {
  if (typeof part !== "object" || part === null) return 0;
  const node = part as Node;
  if (node.kind === "TableScan" || node.kind === "SingleRowScan") return 1;
  if (node.kind === "WithRefScan") return clauses.get(node.withQueryName as string) ?? 1;
  if (node.kind === "WithScan")
    for (const { withQueryName, withSubquery } of listOf<{ withQueryName: string; withSubquery: Node }>(
      node.withEntryList,
    ))
      clauses.set(withQueryName, tablesRead(withSubquery, clauses));
  const inside = node.kind === "WithScan" ? [node.query] : Object.values(part);
  return inside.reduce<number>((sum, each) => sum + tablesRead(each, clauses), 0);
}
