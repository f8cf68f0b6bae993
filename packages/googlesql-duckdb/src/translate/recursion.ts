import { listOf, type Node } from "../analyser/node.ts";
import type { Column } from "../analyser/types.ts";
import type { Scope } from "./scope.ts";
import { column } from "./sql.ts";

/* WITH RECURSIVE: a clause that reads its own rows of the round before. */

/**
 * Translates the recursive query of a WITH clause.
 * @param name the clause's name in DuckDB, which the second part reads
 * @param part translates one part, with the columns of the clause
 */
export function recursive(
  node: Node,
  name: string,
  scope: Scope,
  part: (of: Node, columns: readonly Column[]) => string,
): string {
  // It may run for ever or run out of memory, depending on the rows that it reads.
  if (scope.safe)
    scope.refuse("WITH RECURSIVE in a query of a view with a rule", "Write the values that it makes as UNNEST([…]).");
  return scope.within(node, ["opType", "nonRecursiveTerm", "recursiveTerm"], () => {
    const columns = listOf<Column>(node.columnList);
    const union = node.opType === "UNION_ALL" ? "UNION ALL" : "UNION";
    const first = part(node.nonRecursiveTerm as Node, columns);
    scope.recursions.push({ sql: name, columns: columns.map(({ columnId }) => column(columnId)) });
    const others = part(node.recursiveTerm as Node, columns);
    scope.recursions.pop();
    return `(${first}) ${union} (${others})`;
  });
}
