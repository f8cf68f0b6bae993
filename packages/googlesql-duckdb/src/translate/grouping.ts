import { listOf, type Node } from "../analyser/node.ts";
import type { Column } from "../analyser/types.ts";
import type { Scope } from "./scope.ts";
import { column } from "./sql.ts";

/* GROUP BY ROLLUP, CUBE and GROUPING SETS: groups and their totals. */

type Columns = readonly { readonly column: Column }[];

/** The GROUP BY of an aggregate scan with grouping sets, and a HAVING; undefined if it has plain keys. */
export function groupingSets(node: Node, scope: Scope): string | undefined {
  const sets = listOf(node.groupingSetList);
  if (sets.length === 0) return undefined;
  // A total minus the parts that are shown reveals a part that a threshold suppressed.
  if (scope.hidden)
    scope.refuse(
      "ROLLUP, CUBE or GROUPING SETS in a query of a view with a rule",
      "Use a plain GROUP BY: a total beside its parts would reveal a group that is suppressed.",
    );
  if (listOf(node.groupByList).length === 0) scope.refuse("GROUPING SETS without a key");
  const written = sets.map((set) => {
    if (set.kind === "Rollup") return `ROLLUP (${several(set.rollupColumnList).join(", ")})`;
    if (set.kind !== "Cube") return together(listOf(set.groupByColumnList));
    const keys = several(set.cubeColumnList);
    if (keys.length > 8) scope.refuse("CUBE of more than 8 keys");
    return `CUBE (${keys.join(", ")})`;
  });
  // GoogleSQL has no totals if there are no rows.
  return `GROUPING SETS (${written.join(", ")}) HAVING count(*) > 0`;
}

function several(lists: unknown): string[] {
  return listOf<{ columnList: Columns }>(lists).map(({ columnList }) => together(columnList));
}

function together(columns: Columns): string {
  return `(${columns.map((of) => column(of.column.columnId)).join(", ")})`;
}

/** GROUPING(key), which tells whether a row is a total over the key. The first of each pair is the name of its column. */
export function groupingCalls(node: Node): [string, string][] {
  return listOf<{ groupByColumn: { column: Column }; outputColumn: Column }>(node.groupingCallList).map(
    ({ groupByColumn, outputColumn }) => [
      column(outputColumn.columnId),
      `grouping(${column(groupByColumn.column.columnId)})`,
    ],
  );
}
