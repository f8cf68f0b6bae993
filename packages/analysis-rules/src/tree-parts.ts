import { type Column, listOf, type Node, type Type, unknownFields } from "googlesql-duckdb/tree";

/*
 * Finds parts of the analyser's tree, and recognises the forms of expression that the rules need to know.
 */

/** The ids of all columns named anywhere in a part of the tree, subqueries included. */
export function columnIdsIn(part: unknown, found = new Set<string>()): Set<string> {
  if (typeof part !== "object" || part === null) return found;
  if ("columnId" in part) found.add(String(part.columnId));
  else for (const value of Object.values(part)) columnIdsIn(value, found);
  return found;
}

/** A scan, or a node to put in its place, below the WITH clauses that the scan can refer to; undefined if the scan is not below `root`. */
export function withItsClauses(root: Node, scan: Node, body: Node): Node | undefined {
  const path = pathTo(root, scan);
  return path
    ?.flatMap((node, index) => {
      const entries = listOf(node.withEntryList);
      const place = entries.indexOf(path[index + 1] as Node);
      const visible = place === -1 ? entries : entries.slice(0, place);
      return visible.length === 0 ? [] : [visible];
    })
    .reduceRight<Node>(
      (query, withEntryList) => ({ kind: "WithScan", columnList: body.columnList, withEntryList, query }),
      body,
    );
}

/** The nodes on the path from one node down to another, both included; undefined if there is no such path. */
function pathTo(from: unknown, node: Node): Node[] | undefined {
  if (from === node) return [node];
  if (typeof from !== "object" || from === null) return undefined;
  for (const value of Object.values(from)) {
    const path = pathTo(value, node);
    if (path) return Array.isArray(from) ? path : [from as Node, ...path];
  }
  return undefined;
}

/** The ids of a scan's columns. */
export function idsOf({ columnList }: Node): string[] {
  return listOf<Column>(columnList).map(({ columnId }) => columnId);
}

/** The column of a plain reference; undefined for any other expression. */
export function plainColumn(expression: Node): Column | undefined {
  return expression.kind === "ColumnRef" ? (expression.column as Column) : undefined;
}

/** The name of a built-in function, such as "$equal"; undefined for any other function. */
export function functionName({ function: called }: Node): string | undefined {
  const { name } = (called ?? {}) as { name?: string };
  return name?.startsWith("ZetaSQL:") ? name.slice("ZetaSQL:".length) : undefined;
}

/** The parts of a condition that must all be true: the operands of its outermost ANDs. */
export function conjuncts(condition: Node | undefined): readonly Node[] {
  if (condition === undefined) return [];
  if (functionName(condition) !== "$and") return [condition];
  return listOf(condition.argumentList).flatMap(conjuncts);
}

/** The parts of a condition between AND, OR and NOT. */
export function atoms(condition: Node): readonly Node[] {
  if (!["$and", "$or", "$not"].includes(functionName(condition) ?? "")) return [condition];
  return listOf(condition.argumentList).flatMap(atoms);
}

/** Both sides of a plain `a = b`; undefined for any other condition. */
export function equality(condition: Node): readonly [Node, Node] | undefined {
  if (functionName(condition) !== "$equal") return undefined;
  if (unknownFields(condition, ["function", "argumentList", "type", "errorMode"]).length > 0) return undefined;
  const [left, right, ...more] = listOf(condition.argumentList);
  return left && right && more.length === 0 ? [left, right] : undefined;
}

/** Functions that change a key's form and cannot invent a key. */
const normalising = new Set(
  "lower upper to_hex from_hex to_base64 from_base64 md5 sha1 sha256 sha512 nullif".split(" "),
);

/** Functions that trim white space. With a second argument, the letters to cut off, they could turn one key into another. */
const trimming = new Set(["trim", "ltrim", "rtrim"]);

/** Casts that keep the value. */
const casts = new Set([
  "INT64 STRING",
  "STRING INT64",
  "INT64 NUMERIC",
  "NUMERIC INT64",
  "STRING BYTES",
  "BYTES STRING",
]);

/** Functions that choose one of several keys. */
const choosing = new Set(["coalesce", "ifnull"]);

/** The ids of the columns whose values an expression passes on in normalised form; undefined if it can invent values. */
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
