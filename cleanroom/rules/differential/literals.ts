import type { Node } from "../../googlesql/tree.ts";

/** A literal of the tree: null for NULL, an array for a STRUCT's fields; undefined for whatever is no literal, or of another type. */
export type Literal = number | string | boolean | null | undefined | readonly Literal[];

export function literal(node: Node): Literal {
  if (node.kind !== "Literal") return undefined;
  return contentOf((node.value as { value?: TypedValue }).value ?? {});
}

interface TypedValue {
  readonly int64Value?: string;
  readonly doubleValue?: number | string;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: { readonly field?: readonly TypedValue[] };
}

function contentOf(value: TypedValue): Literal {
  const [[kind, of] = []] = Object.entries(value);
  if (kind === undefined) return null;
  if (kind === "structValue") return (value.structValue?.field ?? []).map(contentOf);
  // JSON has NaN and the infinities as text, as numbers that are no limits.
  if (kind === "int64Value" || kind === "doubleValue") return Number(of);
  return kind === "stringValue" || kind === "boolValue" ? (of as string | boolean) : undefined;
}
