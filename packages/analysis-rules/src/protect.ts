import { type Analysed, type Node, nodesIn, type ScanNotes, tableOf } from "googlesql-duckdb/tree";
import type { PrivateSelect } from "./differential/index.ts";
import { requireClean } from "./join-restrictions.ts";
import { ruleKind } from "./policy.ts";
import { type ThresholdUse, type ViewUse, Walk } from "./query-walk.ts";
import type { RoomTable } from "./room.ts";
import { scan } from "./scan-rules.ts";
import type { Inlined, TemplateCall } from "./templates.ts";

/** A query that passed the rules, with what is needed to run and explain it. */
export interface Protected {
  /** The unchanged tree. */
  readonly query: Analysed;
  /** The groups that a scan must suppress. */
  readonly scans: ReadonlyMap<Node, ScanNotes>;
  /** Whether errors must become NULL, because an error could reveal a row. */
  readonly sensitive: boolean;
  /** The calls of query templates, in the order of the tree. */
  readonly templates: readonly TemplateCall[];
  /** Whether all rows that the views let through may be seen: they are list overlaps. */
  readonly shown: boolean;
  /** The views with a rule, in the order of the tree; one that the query names twice is here twice. */
  readonly views: readonly ViewUse[];
  /** Each SELECT WITH AGGREGATION_THRESHOLD. */
  readonly thresholds: readonly ThresholdUse[];
  /** Each SELECT WITH DIFFERENTIAL_PRIVACY. */
  readonly differential: readonly PrivateSelect[];
  /** The checks that the rules made, in words. */
  readonly checks: readonly string[];
}

/**
 * Checks a query's tree against the rules of the views that it reads. Throws Refusal for a query that breaks a rule, and for any
 * construct that is not known to obey them.
 * @param tables finds a table by the id of its scan
 * @param inlined the calls of query templates in the query
 */
export function protect(
  query: Analysed,
  tables: (id: string) => RoomTable,
  inlined: Pick<Inlined, "calls" | "tables"> = { calls: new Map(), tables: new Set() },
): Protected {
  const walk = new Walk(query, tables, inlined);
  const { calls } = inlined;
  if (calls.size > 0 || isRuled(query.query, tables)) requireClean(scan(query.query, walk), walk);
  return {
    query,
    scans: walk.notes,
    sensitive: calls.size > 0 || walk.views.length > 0,
    templates: [...calls.values()],
    shown:
      calls.size === 0 &&
      walk.views.every(({ table }) => table.rule === undefined || ruleKind(table.rule) === "list_overlap"),
    views: walk.views,
    thresholds: walk.thresholds,
    differential: walk.differential,
    checks: walk.checks(),
  };
}

/** True if a query reads a view with a rule or has a privacy clause. */
function isRuled(query: Node, tables: (id: string) => RoomTable): boolean {
  const kinds = ["TableScan", "AggregationThresholdAggregateScan", "DifferentialPrivacyAggregateScan"];
  return nodesIn(query, (kind) => kinds.includes(kind)).some(
    (node) => node.kind !== "TableScan" || tables(tableOf(node)).rule !== undefined,
  );
}
