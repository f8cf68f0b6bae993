import type { Report } from "../report.ts";

export type CleanRoomReport = Report<CleanRoomData>;

/** The use cases' answers. Nothing is filtered: a clean room answers what was asked. */
export interface CleanRoomData {
  readonly useCases: readonly UseCaseAnswer[];
}

export interface UseCaseAnswer {
  /** Such as `02-segmentation-by-tier`. */
  readonly name: string;
  readonly title: string;
  readonly question: string;
  /** Who asks. */
  readonly party: "merchant" | "wallet";
  readonly sql: string;
  /** `type` is BigQuery's: STRING, INT64, FLOAT64, NUMERIC, BOOL, DATE. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
  /** Sentences: the views that were asked, the rule and threshold in force, what was suppressed and why. */
  readonly rules: readonly string[];
  /** Why there is no answer, where the clean room refused. */
  readonly refused?: string;
}
