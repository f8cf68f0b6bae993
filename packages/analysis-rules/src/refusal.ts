import type { Node, Place } from "googlesql-duckdb/tree";

/** The rule that refuses a query, as explanations and documents call it. */
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
  | "query template"
  | "metadata only"
  | "unknown construct";

/** A rule refuses a query. The message is BigQuery's own where that is known. */
export class Refusal extends Error {
  readonly rule: RuleName;
  /** How to write the query instead. */
  readonly advice: string | undefined;
  /** The place in the query's text, counted from 1; undefined if the analyser does not give one. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** The node at fault, for code that adds the place later. */
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
