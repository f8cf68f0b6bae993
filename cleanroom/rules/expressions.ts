import type { Column, Type } from "../googlesql/analyser.ts";
import { listOf, type Node, unknownFields } from "../googlesql/tree.ts";

/** The ids of all columns that are named anywhere in a part of the tree, subqueries included. */
export function columnIdsIn(part: unknown, found = new Set<string>()): Set<string> {
  if (typeof part !== "object" || part === null) return found;
  if ("columnId" in part) found.add(String(part.columnId));
  else for (const value of Object.values(part)) columnIdsIn(value, found);
  return found;
}

/** The nodes of the kinds asked for that are anywhere in a part of the tree. */
export function nodesIn(part: unknown, wanted: (kind: string) => boolean, found: Node[] = []): Node[] {
  if (typeof part !== "object" || part === null) return found;
  if ("kind" in part && wanted(String(part.kind))) found.push(part as Node);
  for (const value of Object.values(part)) nodesIn(value, wanted, found);
  return found;
}

/** The ids of the columns that a scan gives. */
export function idsOf({ columnList }: Node): string[] {
  return listOf<Column>(columnList).map(({ columnId }) => columnId);
}

/** The column of a plain reference; undefined for any other expression. */
export function plainColumn(expression: Node): Column | undefined {
  return expression.kind === "ColumnRef" ? (expression.column as Column) : undefined;
}

/** The name of a built-in function, such as "$equal"; undefined for everything else. */
export function functionName({ function: called }: Node): string | undefined {
  const { name } = (called ?? {}) as { name?: string };
  return name?.startsWith("ZetaSQL:") ? name.slice("ZetaSQL:".length) : undefined;
}

/** The parts that must all be true: those of ANDs at the top. */
export function conjuncts(condition: Node | undefined): readonly Node[] {
  if (condition === undefined) return [];
  if (condition.kind !== "FunctionCall" || functionName(condition) !== "$and") return [condition];
  return listOf(condition.argumentList).flatMap(conjuncts);
}

/** The parts of a condition that AND, OR and NOT connect. */
export function atoms(condition: Node): readonly Node[] {
  if (condition.kind !== "FunctionCall" || !["$and", "$or", "$not"].includes(functionName(condition) ?? ""))
    return [condition];
  return listOf(condition.argumentList).flatMap(atoms);
}

/** Both sides of a plain `a = b`, and of nothing else. */
export function equality(condition: Node): readonly [Node, Node] | undefined {
  if (condition.kind !== "FunctionCall" || functionName(condition) !== "$equal") return undefined;
  if (unknownFields(condition, ["function", "argumentList", "type", "errorMode"]).length > 0) return undefined;
  const [left, right, ...more] = listOf(condition.argumentList);
  return left && right && more.length === 0 ? [left, right] : undefined;
}

/** Functions that bring a key into the form of another, and cannot make one up. */
const normalising = new Set(
  "lower upper to_hex from_hex to_base64 from_base64 md5 sha1 sha256 sha512 nullif".split(" "),
);

/** The same of white space; with letters to cut off, they would make one key of another. */
const trimming = new Set(["trim", "ltrim", "rtrim"]);

/** Casts that keep what the value says. */
const casts = new Set([
  "INT64 STRING",
  "STRING INT64",
  "INT64 NUMERIC",
  "NUMERIC INT64",
  "STRING BYTES",
  "BYTES STRING",
]);

/** Functions that choose among keys. */
const choosing = new Set(["coalesce", "ifnull"]);

/** The columns whose values an expression normalises; undefined where it does more than that, and may make values up. */
export function normalised(expression: Node): readonly string[] | undefined {
  const column = plainColumn(expression);
  if (column) return [column.columnId];
  if (expression.kind === "Cast") {
    const inner = expression.expr as Node;
    return casts.has(`${kindOf(inner)} ${kindOf(expression)}`) ? normalised(inner) : undefined;
  }
  if (expression.kind !== "FunctionCall") return undefined;
  const name = functionName(expression) ?? "";
  const [first, ...more] = listOf(expression.argumentList);
  if (first && normalising.has(name) && more.every(({ kind }) => kind === "Literal")) return normalised(first);
  if (first && trimming.has(name) && more.length === 0) return normalised(first);
  if (!choosing.has(name)) return undefined;
  const all = listOf(expression.argumentList).map(normalised);
  return all.includes(undefined) ? undefined : all.flatMap((ids) => ids ?? []);
}

function kindOf({ type }: Node): string {
  return (type as Type).typeKind.slice("TYPE_".length);
}
