import type { Node } from "../googlesql/tree.ts";
import type { AnalysisRule, JoinRestriction } from "../policy.ts";
import type { Refusal } from "./refusal.ts";
import type { RoomTable } from "./room.ts";

/*
 * What is known of the rows of a scan. Everything goes by the ids of columns, which the analyser gives and nobody can choose: what a
 * query calls a column plays no part.
 */

/** A view with a rule, at one place of a query that reads it. A WITH clause that is used twice makes two of them. */
export interface Instance {
  /** The TableScan. */
  readonly scan: Node;
  readonly table: RoomTable;
  readonly rule: AnalysisRule;
}

/** Where the values of a column come from. */
export interface Origin {
  /** The views with a rule that it is computed from. */
  readonly from: ReadonlySet<Instance>;
  /** It is computed from something else in the tables, too. */
  readonly others: boolean;
  /** It is this column, as it is, in lower case. */
  readonly column?: { readonly of: Instance; readonly name: string };
  /** It is a column of a table, as it is or normalised, and not made up in the query: fit to be joined with. */
  readonly key: boolean;
}

export const constant: Origin = { from: new Set(), others: false, key: false };

/** The rows of a scan. */
export interface Relation {
  readonly columns: ReadonlySet<string>;
  /** Whose rows these are and are to be protected: not aggregated yet, and for a list overlap not joined yet. */
  readonly instances: ReadonlySet<Instance>;
  /** Those of them that are not joined as their rule has it. */
  readonly unjoined: ReadonlySet<Instance>;
  /** Those of them that are not joined with rows of anybody else. */
  readonly alone: ReadonlySet<Instance>;
  /** It reads a table or a view. */
  readonly readsTables: boolean;
  /** The views with a rule that it reads. */
  readonly views: ReadonlySet<RoomTable>;
  /** What was done to a privacy unit column on the way, and will be refused as soon as the rows are aggregated. */
  readonly faults: readonly Refusal[];
}

/** A relation whose rows nobody has to protect, made from others. */
export function clean(columns: Iterable<string>, ...made: readonly Relation[]): Relation {
  return { ...merged(columns, ...made), instances: new Set(), unjoined: new Set(), alone: new Set(), faults: [] };
}

/** No rows of any table. */
export const nothing: Relation = clean([]);

/** A relation with everything that is known of those it is made from. */
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

/** The instances that have a privacy unit: their rows may only be aggregated. */
export function rawOf({ instances }: Relation): Instance[] {
  return [...instances].filter(({ rule }) => unitOf(rule) !== undefined);
}

/** The name of the privacy unit column, in lower case. */
export function unitOf({ aggregationThreshold, differentialPrivacy }: AnalysisRule): string | undefined {
  return (aggregationThreshold ?? differentialPrivacy)?.privacyUnitColumn.toLowerCase();
}

/** True of a view that shows the rows of its matches: a join restriction alone. */
export function isListOverlap({ rule }: Instance): boolean {
  return rule.joinRestriction !== undefined && unitOf(rule) === undefined;
}

/** True where the view cannot be read without a join. */
export function demandsJoin(restriction: JoinRestriction | undefined): restriction is JoinRestriction {
  return restriction?.condition === "JOIN_ANY" || restriction?.condition === "JOIN_ALL";
}

/** The columns that the view may be joined on, in lower case: all of them without a restriction. */
export function joinColumns({ table, rule }: Instance): string[] {
  const columns = rule.joinRestriction?.columns ?? table.columns.map(({ name }) => name);
  return columns.map((name) => name.toLowerCase());
}

/** As BigQuery's messages call a view. */
export function shortName({ dataset, table }: RoomTable): string {
  return `${dataset}.${table}`;
}
