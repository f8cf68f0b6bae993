import type { ScanNotes } from "../duckdb/translate.ts";
import type { Analysed, Column } from "../googlesql/analyser.ts";
import type { Node } from "../googlesql/tree.ts";
import type { PrivateSelect } from "./differential/index.ts";
import { nodesIn } from "./expressions.ts";
import { requireClean } from "./restrictions.ts";
import type { RoomTable } from "./room.ts";
import { scan } from "./scans.ts";
import { Walk } from "./walk.ts";

/** What is needed to run a query under the rules of the views that it reads, and to explain it. */
export interface Protected {
  /** The tree, as it was given. */
  readonly query: Analysed;
  /** What the rules add to a scan: which groups it has to leave out. */
  readonly scans: ReadonlyMap<Node, ScanNotes>;
  /** Scans over whose rows no expression may fail, as the error would tell of them. */
  readonly sensitive: ReadonlySet<Node>;
  /** The views with a rule, each once for every time the query names it, in the order of the tree. */
  readonly views: readonly ViewUse[];
  /** The aggregates that leave out small groups. */
  readonly thresholds: readonly ThresholdUse[];
  /** The aggregates that add noise. */
  readonly differential: readonly PrivateSelect[];
  /** What was checked and found right, in sentences. */
  readonly checks: readonly string[];
}

/** A view with a rule, where the query reads it. */
export interface ViewUse {
  readonly table: RoomTable;
  /** The TableScan. */
  readonly scan: Node;
  /** The rule in words, such as "aggregation threshold: groups of at least 50 distinct hashed_email". */
  readonly rule: string;
}

/** A SELECT WITH AGGREGATION_THRESHOLD. */
export interface ThresholdUse {
  /** The AggregationThresholdAggregateScan. */
  readonly scan: Node;
  /** Groups with fewer distinct values in any of the units are left out. */
  readonly threshold: number;
  /** What is counted, in the scan's input; without a table where no view is read, but what OPTIONS names. */
  readonly units: readonly { readonly table?: RoomTable; readonly column: Column }[];
}

/**
 * Holds a query's tree against the rules of the views that it reads. What is not known to keep to them is refused.
 * Throws Refusal.
 */
export function protect(query: Analysed, tables: (id: string) => RoomTable): Protected {
  const walk = new Walk(query, tables);
  if (isRuled(query.query, tables)) requireClean(scan(query.query, walk), walk);
  return {
    query,
    scans: walk.notes,
    // All of them: the engine may compute a condition earlier than the query says, and so on rows that were not to be seen.
    sensitive: new Set(walk.views.length > 0 ? nodesIn(query.query, (kind) => kind.endsWith("Scan")) : []),
    views: walk.views,
    thresholds: walk.thresholds,
    differential: walk.differential,
    checks: [...walk.checks],
  };
}

/** True of a query that reads a view with a rule, or asks for small groups to be left out or for noise. */
function isRuled(query: Node, tables: (id: string) => RoomTable): boolean {
  const kinds = ["TableScan", "AggregationThresholdAggregateScan", "DifferentialPrivacyAggregateScan"];
  return nodesIn(query, (kind) => kinds.includes(kind)).some(
    ({ kind, table }) => kind !== "TableScan" || tables((table as { fullName: string }).fullName).rule !== undefined,
  );
}
