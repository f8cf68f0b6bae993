import type { Party } from "../../cleanroom/party.ts";
import type { Report } from "../report.ts";

export type CleanRoomReport = Report<CleanRoomData>;

/** Who shares what, and the answers to the use cases' questions. The page has no filters. */
export interface CleanRoomData {
  /** The day of the merchant's last order, `YYYY-MM-DD`. Absent if the orders have no days. */
  readonly until?: string;
  /** The merchant and the e-wallet. */
  readonly parties?: readonly SharingParty[];
  readonly useCases: readonly UseCaseAnswer[];
  /** The queries on each party's views, as the party sees them. */
  readonly usage?: readonly SharedUsage[];
}

/** The outcomes of the queries on a party's shared views and query templates, which only the party itself may know. */
export interface SharedUsage {
  readonly owner: Party;
  /** All shared views, and the templates that were called. */
  readonly views: readonly ViewUsage[];
  /** The rules that refused queries. */
  readonly refusedBy: readonly { readonly rule: string; readonly queries: number }[];
}

/** The outcomes of the queries that named a view or called a query template. */
export interface ViewUsage {
  readonly view: string;
  readonly asked: number;
  readonly answered: number;
  readonly refused: number;
  /** Wrong queries, and queries that met a limit. */
  readonly failed: number;
  /** Groups that the view's threshold suppressed in the answers; nobody counts those that another rule or a template leaves out. */
  readonly suppressed?: number;
  /** The privacy budget, if the view has one. */
  readonly epsilon?: { readonly left: number; readonly of: number };
  readonly delta?: { readonly left: number; readonly of: number };
}

/** The tables that a party keeps to itself, and the views that it shares, each with its rule. */
export interface SharingParty {
  readonly name: Party;
  /** The names of its own tables. */
  readonly tables: readonly string[];
  readonly shares: readonly SharedPart[];
  /** The queries that it lets the other party run on its data. */
  readonly templates?: readonly SharedTemplate[];
  /** The dataset in which it finds the other party's views. */
  readonly linked: string;
}

/** A query template: a query that its owner lets the other party run, without showing it. */
export interface SharedTemplate {
  readonly name: string;
  readonly question: string;
  /** How it protects the owner's customers, in the owner's words. */
  readonly guards: string;
}

/** A shared view. */
export interface SharedPart {
  readonly view: string;
  readonly columns: readonly string[];
  readonly rule: {
    /** BigQuery's name: `Aggregation threshold`. */
    readonly name: string;
    /** The rows or figures that the other party sees, in a few words. */
    readonly shows: string;
  };
}

export interface UseCaseAnswer {
  /** Such as `02-segmentation-by-tier`. */
  readonly name: string;
  readonly title: string;
  readonly question: string;
  /** The party that asks. */
  readonly party: Party;
  readonly sql: string;
  /** `type` is BigQuery's: STRING, INT64, FLOAT64, NUMERIC, BOOL, DATE. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** A figure that is null was suppressed: its group is too small. */
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
  /** Sentences: the rule and threshold of each view in the query, and what was suppressed. */
  readonly rules: readonly string[];
  /** Why there is no answer, if the clean room refused the query. */
  readonly refused?: Refused;
}

/** The clean room's refusal of a query. */
export interface Refused {
  /** The rule that refused it, such as `aggregation threshold`. */
  readonly rule: string;
  /** BigQuery's message. */
  readonly message: string;
  /** How to write the query instead. */
  readonly advice?: string;
}
