import type { Column, Type } from "../analyser/analyser.ts";
import { listOf, type Node } from "../analyser/node.ts";
import { functionName, writtenName } from "./call.ts";
import { cast } from "./casts.ts";
import { functions } from "./functions.ts";
import { literal, type Value } from "./literals.ts";
import { scan } from "./scans.ts";
import type { Scope } from "./scope.ts";
import { column } from "./sql.ts";
import { field, struct, takeStructs } from "./structs.ts";
import { duckDbType, hasStruct, isNested, typeName } from "./types.ts";

/** Translates an expression. */
export function expression(node: Node, scope: Scope): string {
  const translate = expressions[node.kind];
  return scope.within(node, ["type", ...(translate?.fields ?? Object.keys(node))], () => {
    if (translate === undefined) return scope.refuse(`a ${node.kind}`);
    const type = node.type as Type;
    if (duckDbType(type) === undefined) scope.refuse(`a value of type ${typeName(type)}`, instead[typeName(type)]);
    return translate.sql(node, scope);
  });
}

/** Alternatives to unsupported functions and types. */
const instead: Readonly<Record<string, string>> = {
  FARM_FINGERPRINT: "Write MD5 or SHA256.",
  INTERVAL: "Write DATE_DIFF, TIMESTAMP_DIFF or DATETIME_DIFF.",
};

/** True of arguments that belong to a function's syntax, such as DAY. The function reads the node, and needs no translation of it. */
function isConsumed({ type }: Node): boolean {
  return ["TYPE_ENUM", "TYPE_INTERVAL"].includes((type as Type).typeKind);
}

const expressions: Readonly<
  Record<string, { readonly fields: readonly string[]; readonly sql: (node: Node, scope: Scope) => string }>
> = {
  Literal: {
    fields: ["value"],
    sql: (node, scope) => {
      const type = node.type as Type;
      const sql = literal((node.value as { value?: Value }).value ?? {}, type);
      return sql ?? scope.refuse(`this value of type ${typeName(type)}`);
    },
  },
  ColumnRef: {
    fields: ["column", "isCorrelated"],
    sql: (node) => column((node.column as Column).columnId),
  },
  Cast: {
    fields: ["expr", "returnNullOnError"],
    sql: (node, scope) => {
      const from = (node.expr as Node).type as Type;
      const safe = scope.safe || node.returnNullOnError === true;
      const to = node.type as Type;
      const sql = cast(expression(node.expr as Node, scope), from, to, { safe, sensitive: scope.safe });
      return sql ?? scope.refuse(`a cast of ${typeName(from)} to ${typeName(to)}`);
    },
  },
  FunctionCall: {
    fields: ["function", "argumentList", "errorMode"],
    sql: (node, scope) => {
      const name = functionName(node);
      const translate = Object.hasOwn(functions, name) ? functions[name] : undefined;
      const called = writtenName(name);
      if (translate === undefined) return scope.refuse(`the function ${called}`, instead[called]);
      const nodes = listOf(node.argumentList);
      if (!takeStructs.has(name) && nodes.some(({ type }) => hasStruct(type as Type)))
        scope.refuse(`${called} of STRUCT`);
      const safe = scope.safe || node.errorMode === "SAFE_ERROR_MODE";
      return translate({
        nodes,
        type: node.type as Type,
        safe,
        sensitive: scope.safe,
        sql: (argument) => expression(argument, scope),
        args: nodes.map((argument) => (isConsumed(argument) ? "" : expression(argument, scope))),
        refuse: (what) => scope.refuse(`${called} ${what}`),
      });
    },
  },
  MakeStruct: {
    fields: ["fieldList"],
    sql: (node, scope) => {
      const fields = listOf(node.fieldList);
      // Nested STRUCTs can double in size at each level, and running out of memory would reveal a row.
      if (scope.safe && fields.some(({ type }) => isNested(type as Type)))
        scope.refuse("a STRUCT of ARRAYs or STRUCTs in a query of a protected view");
      return struct(fields.map((field) => expression(field, scope)));
    },
  },
  GetStructField: {
    fields: ["expr", "fieldIdx", "fieldExprIsPositional"],
    sql: (node, scope) => field(expression(node.expr as Node, scope), Number(node.fieldIdx)),
  },
  SubqueryExpr: { fields: ["subqueryType", "inExpr", "subquery", "parameterList"], sql: subquery },
};

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
      if (isNested((node.inExpr as Node).type as Type)) scope.refuse("IN of a STRUCT or an ARRAY");
      return `(${expression(node.inExpr as Node, scope)} IN (${rows}))`;
    case "ARRAY":
      if (scope.safe) scope.refuse("an ARRAY subquery in a query of a protected view");
      return `ARRAY(${rows})`;
    default:
      return scope.refuse(`a subquery of kind ${node.subqueryType}`);
  }
}
