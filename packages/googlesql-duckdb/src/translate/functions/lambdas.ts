import { listOf, type Node } from "../../analyser/node.ts";
import type { Column } from "../../analyser/types.ts";
import { functionName } from "../call.ts";
import { expression } from "../expressions.ts";
import type { Scope } from "../scope.ts";
import { bind, column } from "../sql.ts";

/* Functions that take a function, as in ARRAY_FILTER(list, e -> e > 0). */

const names: Readonly<Record<string, string>> = {
  array_filter: "list_filter",
  array_transform: "list_transform",
  array_includes: "list_transform",
};

/** Translates a call with a lambda; undefined if its arguments have another form. */
export function withLambda(node: Node, scope: Scope): string | undefined {
  const called = names[functionName(node)];
  const [first, second, ...more] = listOf<{ expr?: Node; inlineLambda?: Node }>(node.genericArgumentList);
  const [array, lambda] = [first?.expr, second?.inlineLambda];
  // DuckDB has no subqueries in a lambda.
  const isKnown = more.length === 0 && !JSON.stringify(lambda ?? {}).includes('"SubqueryExpr"');
  if (called === undefined || array === undefined || lambda === undefined || !isKnown) return undefined;
  const [element, offset] = listOf<Column>(lambda.argumentList).map(({ columnId }) => column(columnId));
  // In a subquery, a lambda of DuckDB sees the outer query's columns only in a parameter of its own.
  const outside = `${element}_of`;
  const ids = listOf<{ column: Column }>(lambda.parameterList).map((ref) => ref.column.columnId);
  const before = ids.map((id) => scope.renamed.get(id));
  const fields = ids.map((id, at) => `${column(id)}: ${before[at] ?? column(id)}`);
  const list = expression(array, scope);
  for (const id of ids) scope.renamed.set(id, `${outside}.${column(id)}`);
  const body = expression(lambda.body as Node, scope);
  for (const [at, id] of ids.entries()) {
    const name = before[at];
    if (name === undefined) scope.renamed.delete(id);
    else scope.renamed.set(id, name);
  }
  // DuckDB counts from 1.
  const made =
    offset === undefined
      ? `${called}(${outside}.list, lambda ${element}: ${body})`
      : `${called}(${outside}.list, lambda ${element}, ${offset}_1: list_transform([${offset}_1 - 1], lambda ${offset}: ${body})[1])`;
  const all = functionName(node) === "array_includes" ? anyOf(made) : made;
  return `list_transform([{${[`list: ${list}`, ...fields].join(", ")}}], lambda ${outside}: ${all})[1]`;
}

/** Whether one of a list of conditions is true; NULL for no list. */
function anyOf(conditions: string): string {
  return bind([conditions], (list) => `CASE WHEN ${list} IS NOT NULL THEN list_contains(${list}, TRUE) END`);
}
