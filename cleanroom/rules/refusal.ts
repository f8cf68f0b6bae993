import type { Node, Place } from "../googlesql/tree.ts";

/** Which rule refuses a query; the texts are what `--explain` and the README call them. */
export type RuleName =
  | "aggregation threshold"
  | "differential privacy"
  | "privacy unit"
  | "allowed aggregates"
  | "options"
  | "private join"
  | "join restriction"
  | "subquery"
  | "time travel"
  | "unknown construct";

/** A query that the analysis rule of a view does not let through. The message is BigQuery's own wherever that is known. */
export class Refusal extends Error {
  readonly rule: RuleName;
  /** What to write instead. */
  readonly advice: string | undefined;
  /** Where it stands in the query's text, from 1; undefined where the analyser does not tell. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** What it is about, where the place is for somebody else to tell. */
  readonly node: Node | undefined;

  constructor(rule: RuleName, message: string, advice?: string, place?: Place, node?: Node) {
    super(message);
    this.name = "Refusal";
    this.rule = rule;
    this.advice = advice;
    this.line = place?.line;
    this.column = place?.column;
    this.node = node;
  }
}
