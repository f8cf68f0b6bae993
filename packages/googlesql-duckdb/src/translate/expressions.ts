import { insteadOfGeography } from "../analyser/missing.ts";
import { listOf, type Node, unknownFields } from "../analyser/node.ts";
import type { Column, Type } from "../analyser/types.ts";
import { UnsupportedSql } from "../errors.ts";
import { functionName, writtenName } from "./call.ts";
import { cast } from "./casts.ts";
import { evaluated, evaluatedFunctions, mayEvaluate } from "./evaluated.ts";
import { withLambda } from "./functions/lambdas.ts";
import { functions } from "./functions.ts";
import { insteadOf } from "./instead.ts";
import { isHashNumber } from "./known-texts.ts";
import { literal, type Value } from "./literals.ts";
import { scan } from "./scans.ts";
import type { Computed, Scope } from "./scope.ts";
import { column } from "./sql.ts";
import { field, insteadOfTextual, struct, takeStructs, takeTextual, textual } from "./structs.ts";
import { duckDbType, hasStruct, isNested, typeName } from "./types.ts";

/** Translates an expression. */
export function expression(node: Node, scope: Scope): string {
  const translate = expressions[node.kind];
  return scope.within(node, ["type", ...(translate?.fields ?? Object.keys(node))], () => {
    if (translate === undefined) return scope.refuse(`a ${node.kind}`);
    const type = node.type as Type;
    if (duckDbType(type) === undefined)
      scope.refuse(
        `a value of type ${typeName(type)}`,
        typeName(type) === "GEOGRAPHY" ? insteadOfGeography : undefined,
      );
    return translate.sql(node, scope);
  });
}

/** True of arguments that belong to a function's syntax, such as DAY. The function reads the node, and needs no translation of it. */
function isConsumed({ type }: Node, by: string): boolean {
  const { typeKind } = type as Type;
  return typeKind === "TYPE_ENUM" || (typeKind === "TYPE_INTERVAL" && (by === "$add" || by === "$subtract"));
}

const expressions: Readonly<
  Record<string, { readonly fields: readonly string[]; readonly sql: (node: Node, scope: Scope) => string }>
> = {
  Literal: {
    fields: ["value"],
    sql: (node, scope) => {
      const type = node.type as Type;
      const sql = literal((node.value as { value?: Value }).value ?? {}, type);
      if (sql === undefined && typeName(type).includes("FLOAT64"))
        scope.refuse("NaN and infinities", "Write NULL, or a number such as 1e308.");
      return sql ?? scope.refuse(`this value of type ${typeName(type)}`);
    },
  },
  ColumnRef: {
    fields: ["column", "isCorrelated"],
    sql: (node, scope) => {
      const { columnId } = node.column as Column;
      return scope.renamed.get(columnId) ?? column(columnId);
    },
  },
  Cast: {
    fields: ["expr", "returnNullOnError", "format", "timeZone", "typeModifiers"],
    sql: (node, scope) => {
      const other = (value: string) => evaluated(node, scope, new Map([[node.expr as Node, value]]));
      const plain = unknownFields(node, ["type", "expr", "returnNullOnError"]).length === 0;
      const from = (node.expr as Node).type as Type;
      const safe = scope.safe || node.returnNullOnError === true;
      const to = node.type as Type;
      if (plain && typeName(to) === "INT64" && isHashNumber(node.expr as Node))
        return `CAST(${expression(node.expr as Node, scope)} AS BIGINT)`;
      const sql = plain
        ? cast(expression(node.expr as Node, scope), from, to, { safe, sensitive: scope.safe, other })
        : undefined;
      return sql ?? evaluated(node, scope) ?? scope.refuse(`a cast of ${typeName(from)} to ${typeName(to)}`);
    },
  },
  Flatten: {
    fields: ["expr", "getFieldList"],
    sql: (node, scope) => evaluated(node, scope) ?? scope.refuse("a field of each element here", eachField),
  },
  GetJsonField: {
    fields: ["expr", "fieldName"],
    sql: (node, scope) => evaluated(node, scope) ?? scope.refuse("a field of a JSON value here"),
  },
  FunctionCall: {
    fields: ["function", "argumentList", "genericArgumentList", "errorMode"],
    sql: (node, scope) => {
      const name = functionName(node);
      const called = writtenName(name);
      if (listOf(node.genericArgumentList).length > 0) {
        // An array grows with its row, and running out of memory would reveal the row.
        const made = scope.safe ? undefined : withLambda(node, scope);
        if (made !== undefined) return made;
        if (!JSON.stringify(node.genericArgumentList).includes('"inlineLambda"'))
          scope.refuse(`the function ${called}`, insteadOf(called));
        return scope.refuse("a lambda", "Write ARRAY(SELECT e + 1 FROM UNNEST(list) AS e WHERE e > 0).");
      }
      const computed = () => evaluated(node, scope) ?? scope.refuse(`the function ${called} here`);
      const [held] = listOf(node.argumentList).flatMap(({ type }) => textual(type as Type) ?? []);
      if (held === "RANGE" && !takeTextual.has(name)) scope.refuse(`${called} of RANGE`, insteadOfTextual.RANGE);
      if (held === "BIGNUMERIC" && !takeTextual.has(name)) return computed();
      const translate = Object.hasOwn(functions, name) ? functions[name] : undefined;
      if (translate === undefined)
        return evaluatedFunctions.has(name) ? computed() : scope.refuse(`the function ${called}`, insteadOf(called));
      const nodes = listOf(node.argumentList);
      const isOfStructs = !takeStructs.has(name) && nodes.some(({ type }) => hasStruct(type as Type));
      const safe = scope.safe || node.errorMode === "SAFE_ERROR_MODE";
      const args = nodes.map((argument) => (isConsumed(argument, name) ? "" : expression(argument, scope)));
      const refuse = (what: string, advice?: string) => scope.refuse(`${called} ${what}`, advice);
      try {
        if (isOfStructs) refuse("of STRUCT");
        const other = (values: readonly string[]) =>
          mayEvaluate(node, scope)
            ? evaluated(node, scope, new Map(values.map((value, at) => [nodes[at] as Node, value])))
            : undefined;
        const call = {
          nodes,
          type: node.type as Type,
          safe,
          sensitive: scope.safe,
          hidden: scope.hidden,
          args,
          other,
          refuse,
        };
        return translate({ ...call, sql: (argument) => expression(argument, scope) });
      } catch (error) {
        if (!(error instanceof UnsupportedSql) || !mayEvaluate(node, scope)) throw error;
        return computed();
      }
    },
  },
  WithExpr: {
    fields: ["assignmentList", "expr"],
    sql: (node, scope) => {
      const assigned = listOf<Computed>(node.assignmentList).map(
        ({ column: of, expr }) => [column(of.columnId), expression(expr, scope)] as const,
      );
      if (JSON.stringify(node).includes('"SubqueryExpr"'))
        scope.refuse("a subquery in a WITH expression", "Write SELECT … FROM (SELECT (…) AS a) in its place.");
      // DuckDB has no LET: a lambda over a list of one element names the value.
      return assigned.reduceRight(
        (body, [name, value]) => `list_transform([${value}], lambda ${name}: ${body})[1]`,
        expression(node.expr as Node, scope),
      );
    },
  },
  MakeStruct: {
    fields: ["fieldList"],
    sql: (node, scope) => {
      const fields = listOf(node.fieldList);
      // Nested STRUCTs can double in size at each level, and running out of memory would reveal a row.
      if (scope.safe && fields.some(({ type }) => isNested(type as Type)))
        scope.refuse("a STRUCT of ARRAYs or STRUCTs in a query of a view with a rule", own);
      return struct(fields.map((field) => expression(field, scope)));
    },
  },
  GetStructField: {
    fields: ["expr", "fieldIdx", "fieldExprIsPositional"],
    sql: (node, scope) => field(expression(node.expr as Node, scope), Number(node.fieldIdx)),
  },
  SubqueryExpr: { fields: ["subqueryType", "inExpr", "subquery", "parameterList"], sql: subquery },
};

const eachField = "Write ARRAY(SELECT e.field FROM UNNEST(list) AS e).";

/** Advice for what may not stand beside a view with a rule. */
const own = "Ask the view for groups first, and compute it from the answer, outside of this query.";

function subquery(node: Node, scope: Scope): string {
  const rows = scope.inSubquery(() => scan(node.subquery as Node, scope));
  switch (node.subqueryType) {
    case "SCALAR":
      // Several rows would be an error, which could reveal a protected row.
      return scope.safe
        ? `(SELECT CASE WHEN count(*) <= 1 THEN any_value(v) END FROM (${rows}) AS one(v))`
        : `(${rows})`;
    case "EXISTS":
      return `EXISTS (${rows})`;
    case "IN":
      if (isNested((node.inExpr as Node).type as Type))
        scope.refuse(
          "a STRUCT or an ARRAY in IN (SELECT …)",
          "Compare the fields: EXISTS (SELECT 1 FROM other AS o WHERE o.a = t.a AND o.b = t.b).",
        );
      return `(${expression(node.inExpr as Node, scope)} IN (${rows}))`;
    case "ARRAY":
      if (scope.safe) scope.refuse("an ARRAY subquery in a query of a view with a rule", own);
      return `ARRAY(${rows})`;
    default:
      return scope.refuse(`a subquery of kind ${node.subqueryType}`);
  }
}
