import type { Column } from "../googlesql/analyser.ts";
import { listOf, type Node } from "../googlesql/tree.ts";
import type { Scope } from "./scope.ts";
import { column } from "./sql.ts";

/* GROUP BY ROLLUP, CUBE and GROUPING SETS: groups, and totals of them. */

type Columns = readonly { readonly column: Column }[];

/** What an aggregate scan has in place of its keys, with a HAVING; undefined where it has plain keys. */
export function groupingSets(node: Node, scope: Scope): string | undefined {
  const sets = listOf(node.groupingSetList);
  if (sets.length === 0) return undefined;
  // A total beside its parts tells what a part was that a threshold left out.
  if (scope.safe) scope.refuse("ROLLUP, CUBE or GROUPING SETS in a query of a protected view");
  if (listOf(node.groupByList).length === 0) scope.refuse("GROUPING SETS without a key");
  const written = sets.map((set) => {
    if (set.kind === "Rollup") return `ROLLUP (${several(set.rollupColumnList).join(", ")})`;
    if (set.kind !== "Cube") return together(listOf(set.groupByColumnList));
    const keys = several(set.cubeColumnList);
    if (keys.length > 8) scope.refuse("CUBE of more than 8 keys");
    return `CUBE (${keys.join(", ")})`;
  });
  // Of no rows GoogleSQL has no totals.
  return `GROUPING SETS (${written.join(", ")}) HAVING count(*) > 0`;
}

function several(lists: unknown): string[] {
  return listOf<{ columnList: Columns }>(lists).map(({ columnList }) => together(columnList));
}

function together(columns: Columns): string {
  return `(${columns.map((of) => column(of.column.columnId)).join(", ")})`;
}

/** GROUPING(key), whether a row is a total over all values of the key, by the names of the columns that they become. */
export function groupingCalls(node: Node): [string, string][] {
  return listOf<{ groupByColumn: { column: Column }; outputColumn: Column }>(node.groupingCallList).map(
    ({ groupByColumn, outputColumn }) => [
      column(outputColumn.columnId),
      `grouping(${column(groupByColumn.column.columnId)})`,
    ],
  );
}
