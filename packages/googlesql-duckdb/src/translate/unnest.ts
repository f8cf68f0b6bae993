import { listOf, type Node, unknownFields } from "../analyser/node.ts";
import type { Column } from "../analyser/types.ts";
import { functionName } from "./call.ts";
import { expression } from "./expressions.ts";
import { type Item, itemsOf, list, select } from "./scans.ts";
import type { Scope } from "./scope.ts";
import { column } from "./sql.ts";

/** UNNEST of an array: one row for each element, beside the columns of the row that has the array. */
export function unnested(node: Node, items: readonly Item[], scope: Scope): string {
  const [array, ...others] = listOf(node.arrayExprList);
  const [element] = listOf<Column>(node.elementColumnList);
  if (array === undefined || element === undefined || others.length > 0)
    return scope.refuse("an UNNEST of several arrays");
  const series = seriesOf(node, array);
  if (series !== undefined)
    return `SELECT ${list(items)} FROM (SELECT generate_series AS ${column(element.columnId)} FROM ${series})`;
  const rows = (node.inputScan ?? { kind: "SingleRowScan" }) as Node;
  const elements = expression(array, scope);
  const where = node.joinExpr === undefined ? "" : ` WHERE ${expression(node.joinExpr as Node, scope)}`;
  if (node.isOuter === true && where)
    scope.refuse(
      "an outer join with an UNNEST on a condition",
      "Put the condition into the array: LEFT JOIN UNNEST(ARRAY(SELECT e FROM UNNEST(list) AS e WHERE e > 0)) AS e.",
    );
  // An outer join keeps a row whose array is empty, with NULL for the element.
  const each = (list: string) =>
    node.isOuter === true ? `unnest(CASE WHEN len(elements) > 0 THEN ${list} ELSE [NULL] END)` : `unnest(${list})`;
  const columns = [...itemsOf(rows).map(({ as }) => as), `${each("elements")} AS ${column(element.columnId)}`];
  const offset = (node.arrayOffsetColumn as { column: Column } | undefined)?.column;
  if (offset) columns.push(`${each("range(len(elements))")} AS ${column(offset.columnId)}`);
  const from = select(rows, [...itemsOf(rows), { value: elements, as: "elements" }], scope);
  return `SELECT ${list(items)} FROM (SELECT ${columns.join(", ")} FROM (${from}))${where}`;
}

/** `UNNEST(GENERATE_ARRAY(1, 1000000))` alone in FROM: DuckDB makes its rows one after the other, without an array. */
function seriesOf(node: Node, array: Node): string | undefined {
  const plain = ["inputScan", "arrayExprList", "elementColumnList", "isOuter"];
  if (unknownFields(node, plain).length > 0 || (node.inputScan && (node.inputScan as Node).kind !== "SingleRowScan"))
    return undefined;
  if (array.kind !== "FunctionCall" || functionName(array) !== "generate_array" || node.isOuter === true)
    return undefined;
  const numbers = listOf(array.argumentList).map(
    ({ value }) => (value as { value?: { int64Value?: string } } | undefined)?.value?.int64Value,
  );
  const isKnown = numbers.every((number) => number !== undefined) && numbers[2] !== "0";
  return isKnown ? `generate_series(${numbers.map((number) => `(${number})::BIGINT`).join(", ")})` : undefined;
}
