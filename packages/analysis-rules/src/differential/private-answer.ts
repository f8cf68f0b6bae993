import { randomUUID } from "node:crypto";
import {
  type Analysed,
  collected,
  defaultLimits,
  type Engine,
  type Limits,
  type Node,
  type Value,
} from "googlesql-duckdb/tree";
import { bounded } from "./contribution-bounds.ts";
import { binsOf, contributions, rowsToAggregate } from "./contributions.ts";
import type { Ledger } from "./ledger.ts";
import { type Chance, cryptographic } from "./noise.ts";
import type { PrivateSelect } from "./private-select.ts";
import { type Released, relationOf, releaseOf } from "./release.ts";

/** A query with its SELECTs WITH DIFFERENTIAL_PRIVACY, translated once. */
export interface PrivatePlan {
  /** In the order of their answers: one in a WITH clause or subquery comes before the SELECT that reads it. */
  readonly parts: readonly PrivatePart[];
  /** The query in DuckDB's SQL, with the placeholders of the parts. */
  readonly sql: string;
}

interface PrivatePart {
  readonly select: PrivateSelect;
  /** The rows that it aggregates, in DuckDB's SQL; may hold placeholders of earlier parts. */
  readonly rows: string;
  /** The placeholder of its answer in SQL. It is random, so that no text in the query can equal it. */
  readonly placeholder: string;
}

/**
 * Translates a query to DuckDB's SQL. Columns are named and ordered as in `outputs`.
 * @param answers relations that replace scans
 */
type Translate = (query: Analysed, answers: ReadonlyMap<Node, string>) => string;

/** Translates a query without spending or reading anything. Throws what `translate` throws. */
export function planPrivately(query: Analysed, unordered: readonly PrivateSelect[], translate: Translate): PrivatePlan {
  const selects = unordered.toSorted(byPlace(query.query));
  const placeholders = new Map(selects.map(({ scan }) => [scan, `noisy_answer_${randomUUID()}`]));
  const parts = selects.map((select) => ({
    select,
    rows: translate(rowsToAggregate(query, select), placeholders),
    placeholder: placeholders.get(select.scan) as string,
  }));
  return { parts, sql: translate(query, placeholders) };
}

/** Where an answer's rows, budget and noise come from. */
export interface Sources {
  /**
   * Hands over the rows of a SELECT. It must not stop at a number of rows: a query could ask for so many groups that one unit decides whether
   * it stops.
   */
  readonly each: Engine["each"];
  readonly ledger: Ledger;
  /** @default cryptographic */
  readonly chance?: Chance;
  /** The most groups that a noisy answer may have. @default those of `defaultLimits` */
  readonly limits?: Pick<Limits, "rows" | "bytes">;
}

/**
 * Makes the noisy answers of a query and returns DuckDB's SQL for the whole query with the answers filled in.
 *
 * All budgets are charged before any row is read, and a charge stands even if the query fails afterwards: the error itself could reveal
 * something about a row. (BigQuery refunds a failed query.) Throws Refusal if a budget is too small.
 */
export async function answerPrivately(
  { parts, sql }: PrivatePlan,
  { each, ledger, chance = cryptographic, limits = defaultLimits }: Sources,
): Promise<string> {
  await ledger.spend(parts.flatMap(({ select: { charge } }) => charge ?? []));
  const answers = new Map<string, string>();
  for (const { select, rows: unfilled, placeholder } of parts) {
    const input = filled(unfilled, answers);
    const key = chance.key();
    const bins = binsOf(select, key, input);
    const counts: Value[][] = [];
    if (bins) await each(bins.sql, bins.types, (row) => counts.push(row));
    const found = bounded(select, counts, chance);
    if (found === undefined) {
      answers.set(placeholder, relationOf(select, []));
      continue;
    }
    const { sql, types } = contributions(found, key, input);
    const release = releaseOf(found, chance);
    const groups = await collected<Released>(limits, (use) =>
      each(sql, types, (row) => {
        const group = release(row);
        if (group) use(group);
      }),
    );
    answers.set(placeholder, relationOf(select, groups));
  }
  return filled(sql, answers);
}

function filled(sql: string, answers: ReadonlyMap<string, string>): string {
  return sql.replace(/noisy_answer_[-0-9a-f]{36}/g, (placeholder) => answers.get(placeholder) ?? placeholder);
}

/** Orders SELECTs by their places in the tree, inner ones first. */
function byPlace(root: Node): (left: PrivateSelect, right: PrivateSelect) => number {
  const places = new Map<unknown, number>();
  const visit = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    Object.values(value).forEach(visit);
    places.set(value, places.size);
  };
  visit(root);
  return (left, right) => (places.get(left.scan) ?? 0) - (places.get(right.scan) ?? 0);
}
