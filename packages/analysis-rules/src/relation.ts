import type { Node } from "googlesql-duckdb/tree";
import type { AnalysisRule, JoinRestriction } from "./policy.ts";
import type { Refusal } from "./refusal.ts";
import type { RoomTable } from "./room.ts";

/*
 * The check's knowledge of the rows of a scan. It identifies columns by the analyser's ids, which nobody can choose, and never by the
 * names that the query gives them.
 */

/** A view with a rule, at one place of a query. A WITH clause that is used twice makes two instances. */
export interface Instance {
  /** The TableScan. */
  readonly scan: Node;
  readonly table: RoomTable;
  readonly rule: AnalysisRule;
}

/** Where the values of a column come from. */
export interface Origin {
  /** The views with a rule that the values are computed from. */
  readonly from: ReadonlySet<Instance>;
  /** True if the values are computed from other data of the tables as well. */
  readonly others: boolean;
  /** The column of a view, in lower case, if the values are that column unchanged. */
  readonly column?: { readonly of: Instance; readonly name: string };
  /** True if the values are a table's column, unchanged or normalised, and so may serve as a join key. */
  readonly key: boolean;
}

/** The origin of a value that reads no column. */
export const constant: Origin = { from: new Set(), others: false, key: false };

/** The rows of a scan. */
export interface Relation {
  /** The ids of its columns. */
  readonly columns: ReadonlySet<string>;
  /** The views whose rows these are and still need protection: not aggregated yet, or for a list overlap not joined yet. */
  readonly instances: ReadonlySet<Instance>;
  /** The instances whose join restriction is not met yet. */
  readonly unjoined: ReadonlySet<Instance>;
  /** The instances not joined with another owner's rows yet. */
  readonly alone: ReadonlySet<Instance>;
  /** True if the rows come from a table or a view. */
  readonly readsTables: boolean;
  /** The views with a rule that the rows come from. */
  readonly views: ReadonlySet<RoomTable>;
  /** Misuses of a privacy unit column so far; the query is refused as soon as these rows are aggregated. */
  readonly faults: readonly Refusal[];
}

/** A relation made from others whose rows need no protection any more. */
export function clean(columns: Iterable<string>, ...made: readonly Relation[]): Relation {
  return { ...merged(columns, ...made), instances: new Set(), unjoined: new Set(), alone: new Set(), faults: [] };
}

/** The relation of a SELECT without FROM. */
export const nothing: Relation = clean([]);

/** A relation made from others, with everything that is known about them. */
export function merged(columns: Iterable<string>, ...made: readonly Relation[]): Relation {
  return {
    columns: new Set(columns),
    instances: new Set(made.flatMap(({ instances }) => [...instances])),
    unjoined: new Set(made.flatMap(({ unjoined }) => [...unjoined])),
    alone: new Set(made.flatMap(({ alone }) => [...alone])),
    readsTables: made.some(({ readsTables }) => readsTables),
    views: new Set(made.flatMap(({ views }) => [...views])),
    faults: made.flatMap(({ faults }) => faults),
  };
}

/** The instances with a privacy unit. Their rows may only be aggregated. */
export function rawOf({ instances }: Relation): Instance[] {
  return [...instances].filter(({ rule }) => unitOf(rule) !== undefined);
}

/** The name of the privacy unit column, in lower case. */
export function unitOf({ aggregationThreshold, differentialPrivacy }: AnalysisRule): string | undefined {
  return (aggregationThreshold ?? differentialPrivacy)?.privacyUnitColumn.toLowerCase();
}

/** True for a view with a join restriction alone, whose matching rows may be seen. */
export function isListOverlap({ rule }: Instance): boolean {
  return rule.joinRestriction !== undefined && unitOf(rule) === undefined;
}

/** True if the view cannot be read without a join. */
export function demandsJoin(restriction: JoinRestriction | undefined): restriction is JoinRestriction {
  return restriction?.condition === "JOIN_ANY" || restriction?.condition === "JOIN_ALL";
}

/** The columns that the view may be joined on, in lower case; all columns if it has no restriction. */
export function joinColumns({ table, rule }: Instance): string[] {
  const columns = rule.joinRestriction?.columns ?? table.columns.map(({ name }) => name);
  return columns.map((name) => name.toLowerCase());
}
