import { listOf, type Node } from "../../analyser/node.ts";
import type { Type } from "../../analyser/types.ts";
import { ownCall } from "../../evaluate/evaluator.ts";
import type { OwnFunction } from "../../evaluate/own.ts";
import { type Call, literalText, type Translate } from "../call.ts";
import { cast } from "../casts.ts";
import { bind, text } from "../sql.ts";
import { field } from "../structs.ts";
import { typeName } from "../types.ts";

/** Functions that this package computes itself: see evaluate/own.ts. */
export const own: Readonly<Record<string, Translate>> = {
  normalize: normalized("normalize"),
  normalize_and_casefold: normalized("normalize_and_casefold"),
  contains_substr: (call) => {
    const { value } = (call.nodes[1]?.value as { value?: { stringValue?: string } } | undefined) ?? {};
    if (value?.stringValue === undefined)
      call.refuse("of a text that is not written out", "Write STRPOS(LOWER(x), LOWER(y)) > 0.");
    return contains(String(call.args[0]), call.nodes[0]?.type as Type, call);
  },
  to_base32: ({ args, ...call }) => ownCall("to_base32", args, call),
  from_base32: ({ args, ...call }) => ownCall("from_base32", args, call),
};

function normalized(name: OwnFunction): Translate {
  return ({ nodes, args, ...call }) => ownCall(name, [String(args[0]), text(formOf(nodes[1]))], call);
}

/** The form that the query names. The numbers are those of GoogleSQL's enum. */
function formOf(node: Node | undefined): string {
  const { enumValue = 0 } = (node?.value as { value?: { enumValue?: number } } | undefined)?.value ?? {};
  return ["NFC", "NFKC", "NFD", "NFKD"][enumValue] as string;
}

/** Whether a value has a text in it: NULL if no element or field has, and one is NULL. */
function contains(value: string, { arrayType, structType, ...type }: Type, call: Call): string {
  const { safe, sensitive } = call;
  if (arrayType)
    return bind([value], (list) => {
      const found = `list_transform(${list}, lambda e: ${contains("e", arrayType.elementType, call)})`;
      return bind(
        [found],
        (all) => `CASE WHEN list_contains(${all}, TRUE) THEN TRUE
        WHEN list_count(${all}) < len(${all}) OR ${all} IS NULL THEN NULL ELSE FALSE END`,
      );
    });
  if (structType)
    return bind([value], (made) => {
      const fields = listOf<{ fieldType: Type }>(structType.field);
      return `(${fields.map(({ fieldType }, at) => contains(field(made, at), fieldType, call)).join(" OR ") || "FALSE"})`;
    });
  const isText = type.typeKind !== "TYPE_BYTES" && type.typeKind !== "TYPE_JSON";
  const written = isText ? cast(value, type, { typeKind: "TYPE_STRING" }, { safe, sensitive }) : undefined;
  if (written === undefined) return call.refuse(`of ${typeName(type)}`, "Write it as a STRING first.");
  return ownCall("contains_substr", [written, text(literalText(call, 1))], call);
}
