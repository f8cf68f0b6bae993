import { listOf, type Node } from "../../analyser/node.ts";
import type { Column, Type } from "../../analyser/types.ts";
import { goesOn } from "../../evaluate/evaluator.ts";
import { functionName, writtenName } from "../call.ts";
import { expression } from "../expressions.ts";
import type { Scope } from "../scope.ts";
import { bind, column, orFail } from "../sql.ts";
import { duckDbType, isNested } from "../types.ts";

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
  if (node.errorMode === "SAFE_ERROR_MODE")
    scope.refuse(
      `SAFE.${writtenName(functionName(node))} with a lambda`,
      "Use SAFE functions in the lambda: ARRAY_TRANSFORM(list, e -> SAFE_DIVIDE(1, e)).",
    );
  const [element, offset] = listOf<Column>(lambda.argumentList).map(({ columnId }) => column(columnId));
  // In a subquery, a lambda of DuckDB sees the outer query's columns only in a parameter of its own.
  const outside = `${element}_of`;
  const ids = listOf<{ column: Column }>(lambda.parameterList).map((ref) => ref.column.columnId);
  const before = ids.map((id) => scope.renamed.get(id));
  const fields = ids.map((id, at) => `${column(id)}: ${before[at] ?? column(id)}`);
  const list = expression(array, scope);
  for (const id of ids) scope.renamed.set(id, `${outside}.${column(id)}`);
  const given = `${outside}.list`;
  const computed = `CASE WHEN ${goesOn} THEN ${expression(lambda.body as Node, scope)} END`;
  const body =
    called === "list_filter"
      ? ifShort(String(element), (array.type as Type).arrayType?.elementType as Type, given, computed)
      : bind([computed], (value) => ifShort(value, (lambda.body as Node).type as Type, given, value));
  for (const [at, id] of ids.entries()) {
    const name = before[at];
    if (name === undefined) scope.renamed.delete(id);
    else scope.renamed.set(id, name);
  }
  // DuckDB counts from 1.
  const made =
    offset === undefined
      ? `${called}(${given}, lambda ${element}: ${body})`
      : `${called}(${given}, lambda ${element}, ${offset}_1: list_transform([${offset}_1 - 1], lambda ${offset}: ${body})[1])`;
  const all = functionName(node) === "array_includes" ? anyOf(made) : made;
  const few = tooLarge(`len(${given}) <= ${MOST}`, [given], all, `an array of more than ${MOST} elements`);
  return `list_transform([{${[`list: ${list}`, ...fields].join(", ")}}], lambda ${outside}: ${few})[1]`;
}

/** Nothing stops DuckDB while it computes the arrays of 2,048 rows, so each array has at most so many elements, and so many bytes. */
const MOST = 30_000;
const MOST_BYTES = 262_144;

/** A result of a lambda over a list, unless `value`, which it puts into the new array, is long for that many elements. */
function ifShort(value: string, type: Type, list: string, result: string): string {
  const text = isNested(type) ? `CAST(${value} AS VARCHAR)` : value;
  const size = { VARCHAR: "strlen", BLOB: "octet_length" }[isNested(type) ? "VARCHAR" : String(duckDbType(type))];
  if (size === undefined) return result;
  const fits = `coalesce(${size}(${text}) * len(${list}) <= ${MOST_BYTES}, TRUE)`;
  return tooLarge(fits, [], result, `an array of more than ${MOST_BYTES} bytes`);
}

function tooLarge(fits: string, values: readonly string[], result: string, what: string): string {
  const instead = "write ARRAY(SELECT e FROM UNNEST(list) AS e WHERE e > 0)";
  return orFail(fits, values, result, `DuckDB cannot use a lambda on ${what}: ${instead}`, { safe: false });
}

/** Whether one of a list of conditions is true; NULL for no list. */
function anyOf(conditions: string): string {
  return bind([conditions], (list) => `CASE WHEN ${list} IS NOT NULL THEN list_contains(${list}, TRUE) END`);
}
