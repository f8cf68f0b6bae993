import { listOf, type Node } from "../analyser/node.ts";
import type { Column } from "../analyser/types.ts";
import { aggregate } from "./aggregates.ts";
import { functionName } from "./call.ts";
import { expression } from "./expressions.ts";
import type { Computed, Scope } from "./scope.ts";
import { column } from "./sql.ts";
import { insteadOfTextual, textual } from "./structs.ts";
import { isNested } from "./types.ts";

/** ORDER BY with NULLs where GoogleSQL puts them: first if ascending, last if descending. `prefix` qualifies the columns. */
export function orderBy(items: unknown, scope: Scope, prefix = ""): string {
  const keys = listOf(items).map((item) =>
    scope.within(item, ["columnRef", "isDescending", "nullOrder"], () => {
      const { columnId, type } = (item.columnRef as { column: Column }).column;
      const held = textual(type);
      if (held) scope.refuse(`ORDER BY a ${held}`, insteadOfTextual[held]);
      if (isNested(type)) scope.refuse("ORDER BY an ARRAY or a STRUCT", "Order by its fields or elements.");
      const descends = item.isDescending === true;
      const nullsLast = item.nullOrder === "ORDER_UNSPECIFIED" ? descends : item.nullOrder === "NULLS_LAST";
      return `${prefix}${column(columnId)} ${descends ? "DESC" : "ASC"} NULLS ${nullsLast ? "LAST" : "FIRST"}`;
    }),
  );
  return `ORDER BY ${keys.join(", ")}`;
}

/** Translates the window functions of a scan. The keys are the names of their columns. */
export function windows(groups: readonly Node[], scope: Scope): Map<string, string> {
  const found = new Map<string, string>();
  for (const group of groups)
    scope.within(group, ["partitionBy", "orderBy", "analyticFunctionList"], () => {
      const window = [partition(group.partitionBy as Node | undefined, scope)];
      const order = group.orderBy as Node | undefined;
      if (order) window.push(scope.within(order, ["orderByItemList"], () => orderBy(order.orderByItemList, scope)));
      for (const { column: of, expr } of listOf<Computed>(group.analyticFunctionList)) {
        const frame = expr.windowFrame ? frameOf(expr.windowFrame as Node, scope) : "";
        const over = ` OVER (${[...window, frame].filter(Boolean).join(" ")})`;
        found.set(column(of.columnId), call(expr, over, scope));
      }
    });
  return found;
}

function partition(by: Node | undefined, scope: Scope): string {
  if (by === undefined) return "";
  return scope.within(by, ["partitionByList"], () => {
    const columns = listOf<{ column: Column }>(by.partitionByList).map((ref) => ref.column);
    if (columns.some(({ type }) => isNested(type)))
      scope.refuse("PARTITION BY an ARRAY or a STRUCT", "Write TO_JSON_STRING(x).");
    return `PARTITION BY ${columns.map(({ columnId }) => column(columnId)).join(", ")}`;
  });
}

function frameOf(frame: Node, scope: Scope): string {
  return scope.within(frame, ["frameUnit", "startExpr", "endExpr"], () => {
    const bounds = [frame.startExpr, frame.endExpr].map((bound) => {
      const { boundaryType, expression: offset } = bound as { boundaryType: string; expression?: Node };
      if (offset === undefined) return boundaryType.replace("_", " ");
      // DuckDB fails if a bound is beyond the type of the key.
      if (frame.frameUnit !== "ROWS" && scope.safe)
        scope.refuse("a RANGE of values in a query of a view with a rule", "Write ROWS.");
      return `${expression(offset, scope)} ${boundaryType.replace("OFFSET_", "")}`;
    });
    return `${frame.frameUnit} BETWEEN ${bounds.join(" AND ")}`;
  });
}

/** Functions of a row's position in its window. All others are aggregates over it. */
export const windowFunctions: readonly string[] =
  "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value is_first is_last".split(
    " ",
  );

function call(node: Node, over: string, scope: Scope): string {
  const name = functionName(node);
  if (!windowFunctions.includes(name)) return aggregate(node, over, scope);
  const fields = ["type", "function", "argumentList", "errorMode", "nullHandlingModifier", "windowFrame"];
  return scope.within(node, fields, () => {
    const args = listOf(node.argumentList).map((argument) => expression(argument, scope));
    const [, offset] = listOf(node.argumentList);
    const { int64Value = "0" } = (offset?.value as { value?: { int64Value?: string } } | undefined)?.value ?? {};
    if (/^(lag|lead)$/.test(name) && int64Value.startsWith("-"))
      scope.refuse(`${name.toUpperCase()} by a negative number of rows`, "Write LEAD for LAG, or LAG for LEAD.");
    if (name === "is_first" || name === "is_last") {
      const [count] = listOf(node.argumentList);
      const { int64Value: rows } = (count?.value as { value?: { int64Value?: string } } | undefined)?.value ?? {};
      if (rows === undefined || rows.startsWith("-"))
        scope.refuse(`${name.toUpperCase()} of such a number of rows`, "Write a number from 0 on.");
      // So many rows before it, or after it, there is none.
      return `(${name === "is_first" ? "lag" : "lead"}(TRUE, ${args[0]})${over} IS NULL)`;
    }
    const nulls = node.nullHandlingModifier === "IGNORE_NULLS" ? " IGNORE NULLS" : "";
    return `${name}(${args.join(", ")}${nulls})${over}`;
  });
}
