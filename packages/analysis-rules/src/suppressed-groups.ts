import {
  type Analysed,
  type Column,
  type Engine,
  type Limits,
  type Node,
  RunError,
  UnsupportedSql,
} from "googlesql-duckdb/tree";
import type { QueryPlan } from "./query-plan.ts";
import { withItsClauses } from "./tree-parts.ts";

/**
 * Counts the groups that the thresholds of a query suppressed. Only the owner of all its views may know the number.
 * Undefined if the query has no threshold, or if an aggregate cannot run alone, such as one in a correlated subquery.
 */
export async function suppressedGroups(
  engine: Engine,
  { guarded: { query, scans, thresholds }, translate }: QueryPlan,
  within: Limits,
): Promise<number | undefined> {
  let left: number | undefined;
  try {
    for (const { scan } of thresholds.filter(({ hidden }) => !hidden)) {
      const alone = aloneIn(query, scan);
      const having = scans.get(scan)?.having;
      if (alone === undefined || having === undefined) return undefined;
      const below = translate(alone, new Map([[scan, { having: { ...having, below: true } }]]));
      const [row] = await engine.rows(`SELECT COUNT(*) FROM (${below})`, [{ typeKind: "TYPE_INT64" }], within);
      left = (left ?? 0) + Number(row?.[0]);
    }
  } catch (error) {
    if (!(error instanceof UnsupportedSql || error instanceof RunError)) throw error;
    return undefined;
  }
  return left;
}

/** A scan as a query of its own; undefined if the query does not hold the scan. */
function aloneIn(query: Analysed, scan: Node): Analysed | undefined {
  const body = withItsClauses(query.query, scan, scan);
  const columns = scan.columnList as readonly Column[];
  return body && { ...query, outputs: columns.map((column, index) => ({ name: `c${index}`, column })), query: body };
}
