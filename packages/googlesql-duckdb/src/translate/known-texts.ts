import { listOf, type Node } from "../analyser/node.ts";
import { functionName, kindOf } from "./call.ts";

/* Texts whose length or form the query alone tells, so that their rows need no check. */

/** Digits of a hash in hexadecimal form. */
const hashDigits: Readonly<Record<string, number>> = { md5: 32, sha1: 40, sha256: 64 };

/** The most bytes that a text can have; infinite if its rows decide. */
export function mostBytes(node: Node | undefined): number {
  const literal = literalOf(node);
  if (literal?.stringValue !== undefined) return Buffer.byteLength(literal.stringValue);
  const isPlainCast = node?.kind === "Cast" && node.format === undefined;
  if (isPlainCast && kindOf(node) === "STRING" && kindOf(node.expr as Node) === "INT64") return 20;
  const args = argumentsOf(node);
  switch (args && functionName(node as Node)) {
    case "concat":
      return (args as Node[]).reduce((sum, part) => sum + mostBytes(part), 0);
    case "substr":
      return Math.min(mostBytes(args?.[0]), 4 * Number(literalOf(args?.[2])?.int64Value ?? Number.POSITIVE_INFINITY));
    case "to_hex":
      return hashDigits[hashIn(args)] ?? Number.POSITIVE_INFINITY;
    default:
      return Number.POSITIVE_INFINITY;
  }
}

/** True of `CONCAT('0x', SUBSTR(TO_HEX(MD5(x)), 1, 15))`, the usual way to a number from a hash: up to 15 digits are always an INT64. */
export function isHashNumber(node: Node): boolean {
  const [prefix, part, ...more] = (isCall(node, "concat") && argumentsOf(node)) || [];
  const [digits, from, size] = (part && isCall(part, "substr") && argumentsOf(part)) || [];
  const count = Number(literalOf(size)?.int64Value);
  return (
    literalOf(prefix)?.stringValue === "0x" &&
    more.length === 0 &&
    digits !== undefined &&
    isCall(digits, "to_hex") &&
    hashIn(argumentsOf(digits)) in hashDigits &&
    Number(literalOf(from)?.int64Value) === 1 &&
    count >= 1 &&
    count <= 15
  );
}

function isCall(node: Node, name: string): boolean {
  return node.kind === "FunctionCall" && functionName(node) === name;
}

/** The hash function that the first of some arguments calls. */
function hashIn(args: readonly Node[] | undefined): string {
  const [called] = args ?? [];
  return called?.kind === "FunctionCall" ? functionName(called) : "";
}

function argumentsOf(node: Node | undefined): readonly Node[] | undefined {
  return node?.kind === "FunctionCall" ? listOf(node.argumentList) : undefined;
}

function literalOf(node: Node | undefined): { stringValue?: string; int64Value?: string | number } | undefined {
  return node?.kind === "Literal" ? (node.value as { value?: { stringValue?: string } } | undefined)?.value : undefined;
}
