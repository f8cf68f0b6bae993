import type { Column } from "../googlesql/analyser.ts";
import { listOf, type Node } from "../googlesql/tree.ts";
import { plainColumn } from "./expressions.ts";
import type { Relation } from "./relation.ts";
import type { Walk } from "./walk.ts";

/** The OPTIONS of a SELECT with a privacy clause, as far as both clauses have them. */
export interface Options {
  readonly threshold?: number;
  readonly unit?: Column;
  /** The last of them, for its place. */
  readonly node?: Node;
}

/** Reads the OPTIONS. Throws Refusal for what is not known, or not a literal. */
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
        throw refused("must be a column of the tables in FROM", "Name the column as it is.");
      found.unit = column;
    } else if (name === "threshold" && !differential) {
      const { int64Value } = ((value.value as Node | undefined)?.value ?? {}) as { int64Value?: string };
      if (int64Value === undefined || !(Number(int64Value) >= 1))
        throw refused("must be a whole number from 1, written out", "Write OPTIONS(threshold=50).");
      found.threshold = Math.min(Number(int64Value), Number.MAX_SAFE_INTEGER);
    } else if (!differential)
      throw refused("is not supported in SELECT WITH AGGREGATION_THRESHOLD here", "Leave it out.");
  }
  return found;
}
