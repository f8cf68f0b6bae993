import { type Column, listOf, type Node, nodesIn } from "googlesql-duckdb/tree";
import { joinDemanded } from "./join-restrictions.ts";
import type { Walk } from "./query-walk.ts";
import { constant, type Relation, rawOf } from "./relation.ts";
import { shortName } from "./room.ts";
import { scan } from "./scan-rules.ts";
import { columnIdsIn } from "./tree-parts.ts";

/** The kinds of expression that are checked part by part; all others are refused. */
const known = new Set([
  "Literal",
  "ColumnRef",
  "FunctionCall",
  "AggregateFunctionCall",
  "AnalyticFunctionCall",
  "Cast",
  "MakeStruct",
  "GetStructField",
  "GetJsonField",
  "SubqueryExpr",
  "WithExpr",
  // Not an expression itself, but its parent.
  "ComputedColumn",
  // The HAVING MAX and HAVING MIN of ANY_VALUE. The privacy clauses refuse ANY_VALUE.
  "MAX",
  "MIN",
]);

/** Checks expressions over the rows of a relation, with the subqueries in them. Throws Refusal. */
export function examine(part: unknown, relation: Relation, walk: Walk): void {
  if (Array.isArray(part)) for (const each of part) examine(each, relation, walk);
  else if (typeof part === "object" && part !== null) {
    const node = part as Node;
    walk.within(node, () => {
      if (node.kind && !known.has(node.kind)) throw walk.unknown(node.kind, node);
      for (const { column, expr } of listOf<{ column: Column; expr: Node }>(node.assignmentList)) {
        examine(expr, relation, walk);
        walk.columns.set(column.columnId, column);
        walk.origins.set(column.columnId, walk.originFrom(columnIdsIn(expr)));
      }
      // A lambda's own columns come from arrays, which are checked as the other arguments.
      if ("body" in node) for (const id of columnIdsIn(node.argumentList)) walk.origins.set(id, constant);
      for (const [field, value] of Object.entries(node))
        if (field === "subquery") subquery(node, relation, walk);
        else if (!skipped.has(field)) examine(value, relation, walk);
    });
  }
}

const skipped = new Set(["type", "signature", "parseLocationRange", "function", "value", "column"]);

/** The columns that a scan computes, by id. */
export function computedIn(list: unknown): ReadonlyMap<string, Node> {
  return new Map(
    listOf<{ column: { columnId: string }; expr: Node }>(list).map(({ column, expr }) => [column.columnId, expr]),
  );
}

/** Throws Refusal for a subquery that shows rows of a view with a rule, or that reads one again for each outer row. */
function subquery(node: Node, outer: Relation, walk: Walk): void {
  const inner = scan(node.subquery as Node, walk);
  const [raw] = rawOf(inner);
  const refused = (name: string) =>
    walk.refusal(
      "subquery",
      `Reading the table ${name} containing user data in expression subqueries is not allowed`,
      "Aggregate the table in a SELECT of its own, in FROM or in a WITH clause, and join the result.",
      node,
    );
  if (raw) throw refused(shortName(raw.table));
  for (const instance of inner.instances) throw joinDemanded(instance, walk);
  const outside = [...columnIdsIn(node.subquery)].some((id) => outer.columns.has(id));
  const correlated = outside || listOf(node.parameterList).length > 0;
  const [view] = inner.views;
  if (view && correlated) throw refused(shortName(view));
  if (correlated && nodesIn(node.subquery, (kind) => kind === "DifferentialPrivacyAggregateScan").length > 0)
    throw walk.refusal(
      "subquery",
      "SELECT WITH DIFFERENTIAL_PRIVACY cannot run once for each row here.",
      "Put it in FROM or in a WITH clause, grouped by the column that the rows are compared on, and join the result.",
      node,
    );
  const [row] = [...columnIdsIn(node.parameterList)].flatMap((id) => [...walk.originOf(id).from]);
  if (row && node.subqueryType === "SCALAR" && !isOneRow(node.subquery as Node))
    throw walk.refusal(
      "subquery",
      `A subquery that may return several rows cannot run for each row of table ${shortName(row.table)}`,
      "Aggregate in the subquery, or write a JOIN: the error for a second row would reveal something about single rows.",
      node,
    );
}

/** True for a scan that always returns one row: an aggregate without GROUP BY. */
function isOneRow(node: Node): boolean {
  if (node.kind === "ProjectScan" || node.kind === "FilterScan") return isOneRow(node.inputScan as Node);
  if (node.kind === "SingleRowScan") return true;
  return node.kind === "AggregateScan" && listOf(node.groupByList).length === 0 && node.groupingSetList === undefined;
}
