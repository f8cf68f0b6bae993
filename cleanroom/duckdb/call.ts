import type { Type } from "../googlesql/analyser.ts";
import type { Node } from "../googlesql/tree.ts";

/** A call of a function, as its translation sees it. */
export interface Call {
  /** The arguments as the tree has them, and what they are in DuckDB's SQL. */
  readonly nodes: readonly Node[];
  readonly args: readonly string[];
  readonly type: Type;
  /** What another node is. */
  sql(node: Node): string;
  /** Whether it gives NULL where it cannot be done on a row's values. */
  readonly safe: boolean;
  /** Whether nobody may see the rows, so that not even the rehearsal's own limits may be told. */
  readonly sensitive: boolean;
  /** Throws UnsupportedSql: "SUBSTR `what`". */
  refuse(what: string): never;
}

/** The text that an argument is, refusing one that is computed. */
export function literalText(call: Call, at: number): string {
  const node = call.nodes[at];
  const { stringValue } = (node?.value as { value?: { stringValue?: string } } | undefined)?.value ?? {};
  return node?.kind === "Literal" && stringValue !== undefined
    ? stringValue
    : call.refuse(`whose argument ${at + 1} is not a text written out`);
}

export type Translate = (call: Call) => string;

/** The name of the function that a node calls, such as "substr" or "$add". */
export function functionName(node: Node): string {
  return (node.function as { name: string }).name.replace(/^ZetaSQL:/, "");
}

/** A function's name as a query has it, or nearly so: "SUBSTR", "ADD". */
export function writtenName(name: string): string {
  return name.replace(/^\$/, "").toUpperCase();
}

/** The type of an argument, such as "INT64", "DOUBLE" or "ARRAY". */
export function kindOf(node: Node | undefined): string | undefined {
  return (node?.type as Type | undefined)?.typeKind.slice("TYPE_".length);
}

/** A function that has the same answer for all values under some name in DuckDB. */
export function same(name: string): Translate {
  return ({ args }) => `${name}(${args.join(", ")})`;
}

/** Asks for arguments of these types only. */
export function only(kinds: readonly string[], translate: Translate): Translate {
  return (call) => {
    const other = call.nodes.map(kindOf).find((kind) => !kinds.includes(kind as string));
    return other === undefined ? translate(call) : call.refuse(`of ${other}`);
  };
}

/** The same, done so that it gives NULL where it cannot be done. */
export function safely(translate: Translate): Translate {
  return (call) => translate({ ...call, safe: true });
}

/** An operator that has the same answer for all values. */
export function operator(sign: string): Translate {
  return ({ args }) => `(${args.join(` ${sign} `)})`;
}
