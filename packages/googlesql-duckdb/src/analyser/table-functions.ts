import { UserError } from "../errors.ts";
import type { JsonObject } from "./protobuf.ts";
import type { ColumnKind } from "./types.ts";

/*
 * Table functions, as GoogleSQL calls them: functions that stand in FROM, take tables and values, and return a table. The analyser
 * checks a call against the function's signature. It never sees the function's query, which its owner defines.
 */

/** A parameter of a table function. */
export interface FunctionParameter {
  readonly name: string;
  /** GoogleSQL's type: "INT64", "TABLE<hashed_email STRING, segment STRING>" or "ANY TABLE". */
  readonly type: string;
}

/** A table function that a query may call. */
export interface CatalogFunction {
  /** The ways to write its name, as those of a table. */
  readonly paths: readonly (readonly string[])[];
  readonly parameters: readonly FunctionParameter[];
  /** The columns of its answer. */
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
}

/** The columns of a parameter; "any" for ANY TABLE, undefined for a value. Throws UserError for a type that is none of these. */
export function tableColumns(parameter: FunctionParameter): CatalogFunction["columns"] | "any" | undefined {
  const { type } = parameter;
  if (type === "ANY TABLE") return "any";
  const [, inside] = /^TABLE\s*<(.*)>$/.exec(type) ?? [];
  if (inside === undefined) {
    kindOf(type, parameter);
    return undefined;
  }
  return inside.split(",").map((column) => {
    const [called = "", kind = "", ...more] = column.trim().split(/\s+/);
    if (!/^\w+$/.test(called) || more.length > 0) throw wrongType(parameter);
    return { name: called, kind: kindOf(kind, parameter) };
  });
}

const kinds: readonly string[] = "INT64 FLOAT64 NUMERIC STRING BYTES BOOL DATE DATETIME TIMESTAMP TIME".split(" ");

function kindOf(type: string, parameter: FunctionParameter): ColumnKind {
  if (!kinds.includes(type)) throw wrongType(parameter);
  return type as ColumnKind;
}

function wrongType({ name, type }: FunctionParameter): UserError {
  return new UserError(
    `The parameter ${name} has the type ${type}: use ANY TABLE, TABLE<column TYPE, …> or one of ${kinds.join(", ")}`,
    "WRONG_CATALOGUE",
  );
}

/** A function as the analyser's message, under one of its names. */
export function functionJson(path: readonly string[], { parameters, columns }: CatalogFunction): JsonObject {
  return {
    // The analyser's messages show this name.
    namePath: path.slice(-2),
    type: "FIXED_OUTPUT_SCHEMA_TVF",
    options: { usesUpperCaseSqlName: false },
    signature: {
      argument: parameters.map((parameter) => {
        const of = tableColumns(parameter);
        const options = {
          cardinality: "REQUIRED",
          argumentName: parameter.name,
          // BigQuery documents no call of a table function that names its arguments.
          namedArgumentKind: "POSITIONAL_ONLY",
          extraRelationInputColumnsAllowed: true,
        };
        if (of === undefined)
          return { kind: "ARG_TYPE_FIXED", type: typeJson(parameter.type), numOccurrences: -1, options };
        const schema = of === "any" ? {} : { relationInputSchema: relationJson(of) };
        return { kind: "ARG_TYPE_RELATION", numOccurrences: -1, options: { ...options, ...schema } };
      }),
      returnType: {
        kind: "ARG_TYPE_RELATION",
        numOccurrences: -1,
        options: { relationInputSchema: relationJson(columns) },
      },
    },
  };
}

function relationJson(columns: CatalogFunction["columns"]): JsonObject {
  return { column: columns.map(({ name, kind }) => ({ name, type: typeJson(kind) })) };
}

function typeJson(kind: string): JsonObject {
  return { typeKind: kind === "FLOAT64" ? "TYPE_DOUBLE" : `TYPE_${kind}` };
}

/** The statement that defines a function with this query. The query begins on its second line. */
export function definition(parameters: readonly FunctionParameter[], query: string): string {
  const list = parameters.map(({ name, type }) => `\`${name}\` ${type}`);
  return `CREATE TABLE FUNCTION defined(${list.join(", ")}) AS (\n${query}\n)`;
}
