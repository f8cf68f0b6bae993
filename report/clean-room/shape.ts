import type { Report } from "../report.ts";

export type CleanRoomReport = Report<CleanRoomData>;

/** The answers to the use cases' questions. The page has no filters. */
export interface CleanRoomData {
  readonly useCases: readonly UseCaseAnswer[];
}

export interface UseCaseAnswer {
  /** Such as `02-segmentation-by-tier`. */
  readonly name: string;
  readonly title: string;
  readonly question: string;
  /** The party that asks. */
  readonly party: "merchant" | "wallet";
  readonly sql: string;
  /** `type` is BigQuery's: STRING, INT64, FLOAT64, NUMERIC, BOOL, DATE. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
  /** Sentences: the rule and threshold of each view in the query, and what was held back. */
  readonly rules: readonly string[];
  /** The clean room's message, if it refused the query. */
  readonly refused?: string;
}
