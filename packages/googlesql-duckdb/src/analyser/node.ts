/*
 * The analyser's tree in a plain form: its message `{ resolvedFilterScanNode: { parent: { parent: {}, columnList }, inputScan } }`
 * becomes `{ kind: "FilterScan", columnList, inputScan }`.
 */

import type { Place } from "../errors.ts";

/** A node of the tree: its kind, such as "FilterScan" or "FunctionCall", and its fields. Parts that are not nodes have no kind. */
export interface Node {
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** Converts a message of the analyser, and everything in it, to the plain form. */
export function flatten(message: unknown): unknown {
  if (Array.isArray(message)) return message.map(flatten);
  if (typeof message !== "object" || message === null) return message;
  const entries = Object.entries(message);
  const [first] = entries;
  const [, wrapped] = (entries.length === 1 && first && /^resolved(\w+)Node$/.exec(first[0])) || [];
  if (wrapped !== undefined && first) {
    const inner = flatten(first[1]) as Node;
    const node = { ...inner, kind: inner.kind || wrapped };
    messages.set(node, message);
    return node;
  }
  const { parent, ...own } = message as Record<string, unknown>;
  const fields = Object.fromEntries(Object.entries(own).map(([name, value]) => [name, flatten(value)]));
  return parent === undefined ? fields : { ...(flatten(parent) as object), ...fields };
}

/** The offset in the text of a place that the analyser names. */
export function offsetOf(sql: string, { line, column }: Place): number {
  let offset = sql
    .split(/(?<=\r\n|\n|\r(?!\n))/)
    .slice(0, line - 1)
    .join("").length;
  for (let at = 1; at < column && offset < sql.length; ) {
    const letter = String.fromCodePoint(sql.codePointAt(offset) as number);
    at = letter === "\t" ? at + 8 - ((at - 1) % 8) : at + 1;
    offset += letter.length;
  }
  return offset;
}

/** The messages that nodes were made of. */
const messages = new WeakMap<object, object>();

/** The analyser's message of a node; undefined for a node that was made or changed since. */
export function messageFor(node: Node): object | undefined {
  return messages.get(node);
}

/** A copy of a node, with fields that do not change what its message says, such as other ids of columns. */
export function copyOf(node: Node, fields: Record<string, unknown>): Node {
  const copy = { ...fields, kind: node.kind };
  const message = messages.get(node);
  if (message) messages.set(copy, message);
  return copy;
}

/** The nodes of the wanted kinds anywhere in a part of the tree. */
export function nodesIn(part: unknown, wanted: (kind: string) => boolean, found: Node[] = []): Node[] {
  if (typeof part !== "object" || part === null) return found;
  if ("kind" in part && wanted(String(part.kind))) found.push(part as Node);
  for (const value of Object.values(part)) nodesIn(value, wanted, found);
  return found;
}

/** The id of the table that a scan reads. */
export function tableOf({ table }: Node): string {
  return (table as { fullName: string }).fullName;
}

/** Reads a repeated field, which the tree leaves out if it is empty. */
export function listOf<T = Node>(field: unknown): readonly T[] {
  return (field ?? []) as readonly T[];
}

/** The place of a node in the query, counted as in the analyser's own messages; undefined if the node has none. */
export function placeOf(sql: string, node: Node): Place | undefined {
  const { start } = (node.parseLocationRange ?? {}) as { start?: number };
  if (start === undefined) return undefined;
  const before = Buffer.from(sql).subarray(0, start).toString();
  const lines = before.split(/\r\n|\n|\r/);
  let column = 1;
  for (const letter of lines.at(-1) ?? "") column = letter === "\t" ? column + 8 - ((column - 1) % 8) : column + 1;
  return { line: lines.length, column };
}

/** Fields that do not change what a query does. */
const silent = new Set([
  "kind",
  "columnList",
  "isOrdered",
  "nodeSource",
  "parseLocationRange",
  "typeAnnotationMap",
  "signature",
  "floatLiteralId",
  "hasExplicitType",
  "preserveInLiteralRemover",
]);

/** The fields of a node that change what it does and are not `known`. A caller refuses them, as it does not know their effect. */
export function unknownFields(node: Node, known: readonly string[]): string[] {
  return Object.entries(node)
    .filter(([name, value]) => !silent.has(name) && !known.includes(name) && !isEmpty(value))
    .map(([name]) => name);
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === "object" && value !== null) return Object.values(value).every(isEmpty);
  return value === undefined || value === null || value === false || value === "" || value === "0";
}
