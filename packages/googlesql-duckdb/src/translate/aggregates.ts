import { listOf, type Node } from "../analyser/node.ts";
import type { Type } from "../analyser/types.ts";
import { type AggregateCall, functionName, kindOf, literalText, type TranslateAggregate, writtenName } from "./call.ts";
import { expression } from "./expressions.ts";
import { insteadOf } from "./instead.ts";
import { averageOfIntervals, sumOfIntervals } from "./interval-sums.ts";
import { average, sum } from "./numerics.ts";
import { quantiles } from "./quantiles.ts";
import type { Computed, Scope } from "./scope.ts";
import { spreads } from "./spreads.ts";
import { column, finite, text } from "./sql.ts";
import { insteadOfTextual, takeStructs, takeTextual, textual } from "./structs.ts";
import { hasStruct } from "./types.ts";
import { orderBy } from "./windows.ts";

/**
 * Translates the aggregates of a scan. The keys are the names of their columns.
 * @param inputs takes the arguments that the scan's input must compute, by the names of their columns: those that are repeated
 */
export function aggregates(list: readonly Computed[], scope: Scope, inputs?: Map<string, string>): Map<string, string> {
  return new Map(
    list.map(({ column: of, expr }) => {
      const name = column(of.columnId);
      const once = (value: string) => {
        if (inputs === undefined || /^\w+$/.test(value)) return value;
        const isAlike = ([, other]: [string, string]) => other === value && !isRandom(value);
        const known = [...inputs].find(isAlike)?.[0] ?? `${name}_of${inputs.size}`;
        inputs.set(known, value);
        return known;
      };
      return [name, aggregate(expr, "", scope, once)];
    }),
  );
}

/** True if a value may differ each time that it is computed. */
function isRandom(value: string): boolean {
  return /\b(random|uuid)\(\)/.test(value);
}

const fields = ["type", "function", "argumentList", "errorMode", "distinct", "nullHandlingModifier"];

/** Translates an aggregate function of rows, or, with `over`, of a window. */
export function aggregate(node: Node, over: string, scope: Scope, once = (value: string) => value): string {
  return scope.within(node, [...fields, "orderByItemList", "limit", "windowFrame", "havingModifier"], () => {
    const name = functionName(node);
    const translate = Object.hasOwn(aggregateFunctions, name) ? aggregateFunctions[name] : undefined;
    const called = writtenName(name);
    if (translate === undefined)
      return scope.refuse(`the function ${called}${over && " over a window"}`, insteadOf(called));
    const nodes = listOf(node.argumentList);
    refuseForm(node, nodes, scope);
    const chosenBy = chosenIn(node);
    const ordered = listOf(node.orderByItemList).length > 0;
    return translate({
      nodes,
      type: node.type as Type,
      safe: scope.safe || node.errorMode === "SAFE_ERROR_MODE",
      sensitive: scope.safe,
      sql: (argument) => expression(argument, scope),
      args: nodes.map((argument) => expression(argument, scope)),
      distinct: node.distinct === true ? "DISTINCT " : "",
      order: ordered ? ` ${orderBy(node.orderByItemList, scope)}` : "",
      limit: node.limit ? expression(node.limit as Node, scope) : undefined,
      once,
      ignoresNulls: node.nullHandlingModifier === "IGNORE_NULLS",
      over,
      ...(chosenBy && { most: { kind: chosenBy.kind, of: expression(chosenBy.havingExpr, scope) } }),
      refuse: (what, advice) => scope.refuse(`${called} ${what}`, advice),
    });
  });
}

/** The clause HAVING MAX or HAVING MIN within a call: the row that it chooses. */
function chosenIn(node: Node): { kind: string; havingExpr: Node } | undefined {
  return node.havingModifier as { kind: string; havingExpr: Node } | undefined;
}

/** Refuses a call whose arguments or clauses have no translation. */
function refuseForm(node: Node, nodes: readonly Node[], scope: Scope): void {
  const name = functionName(node);
  const called = writtenName(name);
  if (!takeStructs.has(name) && nodes.some(({ type }) => hasStruct(type as Type)))
    scope.refuse(`${called} of STRUCT`, "Write TO_JSON_STRING(x), or aggregate its fields.");
  const chosenBy = chosenIn(node);
  const compared = chosenBy ? [...nodes, chosenBy.havingExpr] : nodes;
  const [held] = compared.flatMap(({ type }) => textual(type as Type) ?? []);
  if (held && (chosenBy || !takeTextual.has(name))) scope.refuse(`${called} of ${held}`, insteadOfTextual[held]);
  const modifier = node.nullHandlingModifier;
  // Quantiles leave NULLs out, whether the query says so or not.
  const isPlain =
    modifier === "DEFAULT_NULL_HANDLING" ||
    (modifier === "IGNORE_NULLS" && /^(approx_quantiles|percentile_)/.test(name));
  const ordered = listOf(node.orderByItemList).length > 0;
  if (!["array_agg", "array_concat_agg", "string_agg"].includes(name) && (!isPlain || ordered || node.limit))
    scope.refuse(
      `${called} with ORDER BY, LIMIT, IGNORE NULLS or RESPECT NULLS`,
      name.startsWith("percentile")
        ? "Leave RESPECT NULLS out, and replace NULL by a number: IFNULL(x, 0)."
        : "Leave them out, and filter the rows in a subquery.",
    );
  const adds = name === "sum" || name === "avg";
  const repeats =
    name === "approx_top_count" ||
    ((adds || name in spreads) && ["NUMERIC", "INTERVAL"].includes(kindOf(nodes[0]) ?? ""));
  // The argument is repeated, so nested subqueries would double at each level, and DuckDB would plan for minutes.
  if (repeats && JSON.stringify(nodes).includes('"SubqueryExpr"')) scope.refuse(`${called} of a subquery`);
  if (chosenBy && name !== "any_value")
    scope.refuse(
      `${called} with HAVING ${chosenBy.kind}`,
      `Keep the rows in a subquery, and aggregate them: QUALIFY RANK() OVER (PARTITION BY the groups ORDER BY x${chosenBy.kind === "MAX" ? " DESC" : ""}) = 1.`,
    );
}

const distinctFirst = "Write SELECT DISTINCT in a subquery, and aggregate its rows.";

/** The aggregate functions, by their names in the tree. */
export const aggregateFunctions: Readonly<Record<string, TranslateAggregate>> = {
  $count_star: ({ over }) => `count(*)${over}`,
  count: plain("count"),
  countif: ({ distinct, args, over }) =>
    distinct
      ? `CAST(coalesce(bool_or(${args[0]})${over}, FALSE) AS BIGINT)`
      : `count(*) FILTER (WHERE ${args[0]})${over}`,
  sum: ({ distinct, args: [value], over, ...call }) => {
    const kind = kindOf(call.nodes[0]);
    if (kind === "DOUBLE") return finite(`sum(${distinct}${value})${over}`, call);
    // Over protected rows the values are added up in parts, which are not distinct.
    if (kind === "NUMERIC" && !(distinct && call.safe))
      return sum(`${distinct}${call.once(value as string)}`, over, call);
    if (kind === "INTERVAL" && !distinct) return sumOfIntervals(call.once(value as string), over, call);
    if (kind !== "INT64") return call.refuse(`of ${distinct}${kind}`, distinctFirst);
    return `${call.safe ? "TRY_CAST" : "CAST"}(sum(${distinct}${value})${over} AS BIGINT)`;
  },
  avg: ({ distinct, args, over, ...call }) => {
    const kind = kindOf(call.nodes[0]);
    if (kind === "NUMERIC")
      return distinct && call.safe
        ? call.refuse(`of DISTINCT ${kind}`, distinctFirst)
        : average(`${distinct}${call.once(args[0] as string)}`, over, { safe: call.safe, sensitive: call.sensitive });
    if (kind === "INTERVAL")
      return distinct
        ? call.refuse(`of DISTINCT ${kind}`, distinctFirst)
        : averageOfIntervals(call.once(args[0] as string), over, call);
    return finite(`avg(${distinct}${args[0]})${over}`, call);
  },
  min: ordered("min"),
  max: ordered("max"),
  any_value: ({ args: [value], over, most }) => {
    if (most === undefined) return `any_value(${value})${over}`;
    return `${most.kind === "MAX" ? "arg_max_null" : "arg_min_null"}(${value}, ${most.of})${over}`;
  },
  bit_and: bits("bit_and"),
  bit_or: bits("bit_or"),
  bit_xor: bits("bit_xor"),
  ...quantiles,
  approx_count_distinct: ({ args, over }) => `count(DISTINCT ${args[0]})${over}`,
  logical_and: plain("bool_and"),
  logical_or: plain("bool_or"),
  ...spreads,
  string_agg: (call) => {
    if (kindOf(call.nodes[0]) !== "STRING") call.refuse(`of ${kindOf(call.nodes[0])}`, "Write STRING_AGG(TO_HEX(x)).");
    const between = text(call.nodes.length > 1 ? literalText(call, 1) : ",");
    return `array_to_string(${collected({ ...call, ignoresNulls: true })}, ${between})`;
  },
  array_agg: collected,
  array_concat_agg: (call) =>
    call.sensitive
      ? call.refuse("over rows of a view with a rule")
      : `flatten(${collected({ ...call, ignoresNulls: true })})`,
};

function bits(name: string): TranslateAggregate {
  return ({ distinct, args, over, ...call }) =>
    kindOf(call.nodes[0]) === "INT64" ? `${name}(${distinct}${args[0]})${over}` : call.refuse("of BYTES");
}

/** BigQuery does not order ARRAYs, and DuckDB orders NULLs in them in another way than GoogleSQL. */
function ordered(name: string): TranslateAggregate {
  return (call) =>
    kindOf(call.nodes[0]) === "ARRAY"
      ? call.refuse("of ARRAY", "Aggregate the elements: FROM …, UNNEST(list) AS e.")
      : plain(name)(call);
}

function plain(name: string): TranslateAggregate {
  return ({ distinct, args, over }) => `${name}(${distinct}${args[0]})${over}`;
}

function collected({ distinct, args: [value], order, limit, ignoresNulls, over }: AggregateCall): string {
  const list = `list(${distinct}${value}${order})${ignoresNulls ? ` FILTER (WHERE ${value} IS NOT NULL)` : ""}${over}`;
  return limit === undefined ? list : `(${list})[1:${limit}]`;
}
