import { listOf, type Node } from "../googlesql/tree.ts";
import { columnIdsIn, nodesIn } from "./expressions.ts";
import { type Relation, rawOf, shortName } from "./relation.ts";
import { joinDemanded } from "./restrictions.ts";
import { scan } from "./scans.ts";
import type { Walk } from "./walk.ts";

/** Refuses a subquery in an expression that shows rows of a protected view, or asks one again for each row of something else. */
export function subquery(node: Node, outer: Relation, walk: Walk): void {
  const inner = scan(node.subquery as Node, walk);
  const [raw] = rawOf(inner);
  const refused = (name: string) =>
    walk.refusal(
      "subquery",
      `Reading the table ${name} containing user data in expression subqueries is not allowed`,
      "Aggregate it by a SELECT of its own, in FROM or in a WITH clause, and join the result.",
      node,
    );
  if (raw) throw refused(shortName(raw.table));
  for (const instance of inner.instances) throw joinDemanded(instance, walk);
  const outside = [...columnIdsIn(node.subquery)].some((id) => outer.columns.has(id));
  const correlated = outside || listOf(node.parameterList).length > 0;
  const [view] = inner.views;
  if (view && correlated) throw refused(shortName(view));
  if (correlated && nodesIn(node.subquery, (kind) => kind === "DifferentialPrivacyAggregateScan").length > 0)
    throw walk.refusal(
      "subquery",
      "SELECT WITH DIFFERENTIAL_PRIVACY cannot be asked anew for each row here.",
      "Group by what the rows are told apart by, in FROM or in a WITH clause, and join the result.",
      node,
    );
  const [row] = [...columnIdsIn(node.parameterList)].flatMap((id) => [...walk.originOf(id).from]);
  if (row && node.subqueryType === "SCALAR" && !isOneRow(node.subquery as Node))
    throw walk.refusal(
      "subquery",
      `A subquery that may give several rows cannot be asked for each row of table ${shortName(row.table)}`,
      "Aggregate in the subquery, or write it as a JOIN: its error would tell of single rows.",
      node,
    );
}

/** True of a scan that never gives more than one row: an aggregate of all there is. */
function isOneRow(node: Node): boolean {
  if (node.kind === "ProjectScan" || node.kind === "FilterScan") return isOneRow(node.inputScan as Node);
  if (node.kind === "SingleRowScan") return true;
  return node.kind === "AggregateScan" && listOf(node.groupByList).length === 0 && node.groupingSetList === undefined;
}
