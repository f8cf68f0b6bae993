import type { Node } from "googlesql-duckdb/tree";

/** A literal of the tree: null for NULL, an array for a STRUCT; undefined for anything else, and for other types. */
type Literal = number | string | boolean | null | undefined | readonly Literal[];

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
  // JSON has NaN and the infinities as text. As numbers they fail every check of a limit.
  if (kind === "int64Value" || kind === "doubleValue") return Number(of);
  return kind === "stringValue" || kind === "boolValue" ? (of as string | boolean) : undefined;
}

/** A whole number as the query writes it: a JavaScript number would round a long one. */
export function wholeNumber(node: Node | undefined): string | undefined {
  return (node?.value as { value?: TypedValue } | undefined)?.value?.int64Value;
}
