import { randomUUID } from "node:crypto";
import type { Analysed, Node, Type, Value } from "googlesql-duckdb/tree";
import { bounded } from "./contribution-bounds.ts";
import { binsOf, contributions, rowsToAggregate } from "./contributions.ts";
import type { Ledger } from "./ledger.ts";
import { type Chance, cryptographic } from "./noise.ts";
import type { PrivateSelect } from "./private-select.ts";
import { relationOf, released } from "./release.ts";

/** A query with its SELECTs WITH DIFFERENTIAL_PRIVACY, translated once. */
export interface PrivatePlan {
  readonly query: Analysed;
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
 * @param sensitive more scans in which errors become NULL
 * @param answers relations that replace scans
 */
type Translate = (query: Analysed, sensitive: ReadonlySet<Node>, answers: ReadonlyMap<Node, string>) => string;

/** Translates a query without spending or reading anything. Throws what `translate` throws. */
export function planPrivately(query: Analysed, unordered: readonly PrivateSelect[], translate: Translate): PrivatePlan {
  const selects = unordered.toSorted(byPlace(query.query));
  const placeholders = new Map(selects.map(({ scan }) => [scan, `noisy_answer_${randomUUID()}`]));
  const parts = selects.map((select) => {
    const { query: rows, sensitive } = rowsToAggregate(query, select);
    return {
      select,
      rows: translate(rows, sensitive, placeholders),
      placeholder: placeholders.get(select.scan) as string,
    };
  });
  return { query, parts, sql: translate(query, new Set(), placeholders) };
}

/** Where an answer's rows, budget and noise come from. */
export interface Sources {
  /** The rows of a SELECT whose columns have these types, such as `Engine.rows`. */
  rows(select: string, types: readonly Type[]): Promise<Value[][]>;
  readonly ledger: Ledger;
  /** @default cryptographic */
  readonly chance?: Chance;
}

/**
 * Makes the noisy answers of a query and returns DuckDB's SQL for the whole query with the answers filled in.
 *
 * All budgets are charged before any row is read, and a charge stands even if the query fails afterwards: the error itself could reveal
 * something about a row. (BigQuery refunds a failed query.) Throws Refusal if a budget is too small.
 */
export async function answerPrivately(
  { parts, sql }: PrivatePlan,
  { rows, ledger, chance = cryptographic }: Sources,
): Promise<string> {
  await ledger.spend(parts.flatMap(({ select: { charge } }) => charge ?? []));
  const answers = new Map<string, string>();
  for (const { select, rows: unfilled, placeholder } of parts) {
    const input = filled(unfilled, answers);
    const key = chance.key();
    const bins = binsOf(select, key, input);
    const counts = bins ? await rows(bins.sql, bins.types) : [];
    const found = bounded(select, counts, chance);
    if (found === undefined) {
      answers.set(placeholder, relationOf(select, []));
      continue;
    }
    const { sql, types } = contributions(found, key, input);
    answers.set(placeholder, relationOf(select, released(found, await rows(sql, types), chance)));
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
