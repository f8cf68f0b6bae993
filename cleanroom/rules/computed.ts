import { listOf, type Node } from "../googlesql/tree.ts";
import { columnIdsIn } from "./expressions.ts";
import { constant, type Relation } from "./relation.ts";
import { subquery } from "./subqueries.ts";
import type { Walk } from "./walk.ts";

/** The expressions whose parts are looked into; others are refused. */
const known = new Set([
  "Literal",
  "ColumnRef",
  "FunctionCall",
  "AggregateFunctionCall",
  "AnalyticFunctionCall",
  "Cast",
  "MakeStruct",
  "GetStructField",
  "SubqueryExpr",
  // Not expressions, but within them.
  "ComputedColumn",
]);

/** Looks into expressions over the rows of a relation, and first into the subqueries in them. */
export function examine(part: unknown, relation: Relation, walk: Walk): void {
  if (Array.isArray(part)) for (const each of part) examine(each, relation, walk);
  else if (typeof part === "object" && part !== null) {
    const node = part as Node;
    walk.within(node, () => {
      if (node.kind && !known.has(node.kind)) throw walk.unknown(node.kind, node);
      // A lambda's own columns are made of arrays, which are looked into beside it.
      if ("body" in node) for (const id of columnIdsIn(node.argumentList)) walk.origins.set(id, constant);
      for (const [field, value] of Object.entries(node))
        if (field === "subquery") subquery(node, relation, walk);
        else if (!skipped.has(field)) examine(value, relation, walk);
    });
  }
}

const skipped = new Set(["type", "signature", "parseLocationRange", "function", "value", "column"]);

/** A scan's own columns: those it computes, by id. */
export function computedIn(list: unknown): ReadonlyMap<string, Node> {
  return new Map(
    listOf<{ column: { columnId: string }; expr: Node }>(list).map(({ column, expr }) => [column.columnId, expr]),
  );
}
