import { type Column, listOf, type Node } from "googlesql-duckdb/tree";
import type { Walk } from "./query-walk.ts";
import type { Instance, Relation } from "./relation.ts";
import { shortName } from "./room.ts";
import { plainColumn } from "./tree-parts.ts";

/** The OPTIONS that both privacy clauses have. */
export interface Options {
  readonly threshold?: number;
  readonly unit?: Column;
  /** The last option, for the place of a refusal. */
  readonly node?: Node;
}

/** Reads the OPTIONS of a privacy clause. Throws Refusal for an unknown option, and for a value that is not a literal. */
export function optionsOf(scan: Node, input: Relation, walk: Walk): Options {
  const differential = scan.kind === "DifferentialPrivacyAggregateScan";
  const found: { threshold?: number; unit?: Column; node?: Node } = {};
  for (const option of listOf(scan.optionList)) {
    const name = String(option.name).toLowerCase();
    const value = option.value as Node;
    const refused = (what: string, advice: string) =>
      walk.refusal("options", `The option ${name} ${what}.`, advice, option);
    found.node = option;
    if (name === "privacy_unit_column") {
      const column = plainColumn(value);
      if (!column || !input.columns.has(column.columnId))
        throw refused("must be a column of the tables in FROM", "Name a column, without an expression around it.");
      found.unit = column;
    } else if (name === "threshold" && !differential) {
      const { int64Value } = ((value.value as Node | undefined)?.value ?? {}) as { int64Value?: string };
      if (int64Value === undefined || !(Number(int64Value) >= 1))
        throw refused("must be a whole number from 1, written out", "Write a number, as in OPTIONS(threshold=50).");
      found.threshold = Math.min(Number(int64Value), Number.MAX_SAFE_INTEGER);
    } else if (!differential)
      throw refused("is not supported in SELECT WITH AGGREGATION_THRESHOLD here", "Leave the option out.");
  }
  return found;
}

/** The threshold in force: the highest of the views' thresholds, or a higher one from OPTIONS. Throws Refusal for a lower one. */
export function thresholdOf(raw: readonly Instance[], { threshold, node }: Options, walk: Walk): number {
  const demands = raw.flatMap(({ table, rule: { aggregationThreshold: rule } }) =>
    rule ? [{ table, least: rule.threshold }] : [],
  );
  const [strictest] = demands.sort((one, other) => other.least - one.least);
  if (threshold === undefined) {
    if (strictest) return strictest.least;
    throw walk.refusal(
      "options",
      "The option threshold must be given: no table of this query has a privacy policy.",
      "Write OPTIONS(threshold=50, privacy_unit_column=the_column).",
    );
  }
  if (strictest && threshold < strictest.least)
    throw walk.refusal(
      "options",
      "Aggregation threshold is too low.",
      `The policy for table ${shortName(strictest.table)} demands at least ${strictest.least}, not ${threshold}: leave the option out, or give a higher threshold.`,
      node,
    );
  return threshold;
}
