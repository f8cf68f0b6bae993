import { UnsupportedSql } from "../duckdb/translate.ts";
import type { Analysed, Column } from "../googlesql/analyser.ts";
import type { Node } from "../googlesql/tree.ts";
import { type Engine, RunError } from "./engine.ts";
import type { Translate } from "./plan.ts";
import type { Protected } from "./protect.ts";

/**
 * How many groups the thresholds of a query left out. For the owner of all its views only: others must not know.
 * Undefined without thresholds, and where an aggregate cannot be looked at by itself, as in a correlated subquery.
 */
export async function suppressedGroups(
  engine: Engine,
  { query, scans, thresholds }: Protected,
  translate: Translate,
): Promise<number | undefined> {
  let left: number | undefined;
  try {
    for (const { scan } of thresholds) {
      const alone = aloneIn(query, scan);
      const having = scans.get(scan)?.having;
      if (alone === undefined || having === undefined) return undefined;
      const all = translate(alone, new Map([[scan, { having: { ...having, threshold: 0 } }]]));
      const shown = translate(alone, new Map());
      const count = `SELECT (SELECT COUNT(*) FROM (${all})) - (SELECT COUNT(*) FROM (${shown}))`;
      const [row] = await engine.rows(count, [{ typeKind: "TYPE_INT64" }]);
      left = (left ?? 0) + Number(row?.[0]);
    }
  } catch (error) {
    if (!(error instanceof UnsupportedSql || error instanceof RunError)) throw error;
    return undefined;
  }
  return left;
}

/** A scan of a query as a query of its own, with the WITH clauses that it can see. Undefined where it is in none or is correlated. */
function aloneIn(query: Analysed, scan: Node): Analysed | undefined {
  const clauses = clausesFor(query.query, scan);
  if (clauses === undefined) return undefined;
  const columnList = scan.columnList as readonly Column[];
  const body: Node =
    clauses.length === 0 ? scan : { kind: "WithScan", columnList, withEntryList: clauses, query: scan };
  return { ...query, outputs: columnList.map((column, index) => ({ name: `c${index}`, column })), query: body };
}

/** The WITH clauses above a node, outermost first; undefined where it is not below. */
function clausesFor(from: unknown, scan: Node): Node[] | undefined {
  if (from === scan) return [];
  if (typeof from !== "object" || from === null) return undefined;
  if (Array.isArray(from)) return firstOf(from, (each) => clausesFor(each, scan));
  const node = from as Node;
  if (node.kind !== "WithScan") return firstOf(Object.values(node), (each) => clausesFor(each, scan));
  const entries = node.withEntryList as readonly Node[];
  for (const [index, entry] of entries.entries()) {
    const inside = clausesFor(entry, scan);
    if (inside !== undefined) return [...entries.slice(0, index), ...inside];
  }
  const inside = clausesFor(node.query, scan);
  return inside && [...entries, ...inside];
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
