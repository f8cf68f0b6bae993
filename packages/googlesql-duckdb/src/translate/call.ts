import type { Node } from "../analyser/node.ts";
import type { Type } from "../analyser/types.ts";

/** A function call to translate. */
export interface Call {
  /** The arguments: the tree's nodes, and their translations. */
  readonly nodes: readonly Node[];
  readonly args: readonly string[];
  readonly type: Type;
  /** Translates another node. */
  sql(node: Node): string;
  /** Whether the call returns NULL, instead of failing, on values that it cannot compute. */
  readonly safe: boolean;
  /** Whether the query reads protected rows. Then no error may depend on a row, not even one about a limit of the translation. */
  readonly sensitive: boolean;
  /** Whether the query reads protected rows that may not be seen themselves. */
  readonly hidden?: boolean;
  /** How Google's own implementation computes the call on these arguments; undefined if it cannot here. */
  readonly other?: (args: readonly string[]) => string | undefined;
  /** Throws UnsupportedSql about "SUBSTR `what`", with a sentence that says what to write instead. */
  refuse(what: string, advice?: string): never;
}

/** The text of an argument that is a string literal. Other arguments are refused. */
export function literalText(call: Call, at: number): string {
  const node = call.nodes[at];
  const { stringValue } = (node?.value as { value?: { stringValue?: string } } | undefined)?.value ?? {};
  return node?.kind === "Literal" && stringValue !== undefined
    ? stringValue
    : call.refuse(`with an argument ${at + 1} that is not a string literal`);
}

export type Translate = (call: Call) => string;

/** A call of an aggregate function. */
export interface AggregateCall extends Call {
  /** "DISTINCT " or nothing. */
  readonly distinct: string;
  /** " ORDER BY …" or nothing. */
  readonly order: string;
  readonly limit: string | undefined;
  readonly ignoresNulls: boolean;
  /** HAVING MAX or MIN: only rows with the greatest or the least value of this count. */
  readonly most?: { readonly kind: string; readonly of: string };
  /** " OVER (…)" or nothing. */
  readonly over: string;
  /** A short name for a value that is written several times, so that DuckDB computes it once. */
  once(value: string): string;
}

export type TranslateAggregate = (call: AggregateCall) => string;

/** The name of the function that a node calls, such as "substr" or "$add". */
export function functionName(node: Node): string {
  return (node.function as { name: string }).name.replace(/^ZetaSQL:/, "");
}

/** The name to show in a message: "SUBSTR", "ADD". */
export function writtenName(name: string): string {
  return name.replace(/^\$/, "").toUpperCase();
}

/** The type of an argument, such as "INT64", "DOUBLE" or "ARRAY". */
export function kindOf(node: Node | undefined): string | undefined {
  return (node?.type as Type | undefined)?.typeKind.slice("TYPE_".length);
}

/** A function for which DuckDB has one with the same results under this name. */
export function same(name: string): Translate {
  return ({ args }) => `${name}(${args.join(", ")})`;
}

/** Refuses arguments of other types. */
export function only(kinds: readonly string[], translate: Translate): Translate {
  return (call) => {
    const other = call.nodes.map(kindOf).find((kind) => !kinds.includes(kind as string));
    return other === undefined ? translate(call) : call.refuse(`of ${other}`);
  };
}

/** The same call with NULL instead of errors. */
export function safely(translate: Translate): Translate {
  return (call) => translate({ ...call, safe: true });
}

/** An operator with the same results in DuckDB. */
export function operator(sign: string): Translate {
  return ({ args }) => `(${args.join(` ${sign} `)})`;
}
