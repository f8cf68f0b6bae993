import type { Analysed, Type } from "../../googlesql/analyser.ts";
import type { Node } from "../../googlesql/tree.ts";
import type { Value } from "../values.ts";
import { bounded } from "./bounds.ts";
import { binsOf, contributions, unitsOf } from "./contributions.ts";
import type { Ledger } from "./ledger.ts";
import { type Chance, cryptographic } from "./noise.ts";
import { relationOf, released } from "./release.ts";
import { type PrivateSelect, placed } from "./select.ts";

/** What an answer is made with. */
export interface Means {
  /**
   * A query in DuckDB's SQL, its columns named and ordered as `outputs` (`toDuckDb`).
   * @param sensitive more scans whose expressions must not be able to fail
   * @param answers relations to put in the place of scans
   */
  translate(query: Analysed, sensitive: ReadonlySet<Node>, answers: ReadonlyMap<Node, string>): string;
  /** The rows of a SELECT, whose columns have these types (`Engine.rows`). */
  rows(select: string, types: readonly Type[]): Promise<Value[][]>;
  readonly ledger: Ledger;
  /** Cryptographic unless told. */
  readonly chance?: Chance;
}

/**
 * Answers each SELECT WITH DIFFERENTIAL_PRIVACY of a query and returns the query in DuckDB's SQL, with the answers in their places: a
 * relation in parentheses, whose columns are named `c` and the id.
 *
 * The budgets of all of them are spent before any row is read, and what was spent stays so, whatever happens then: an error, too, may
 * tell something of the rows (BigQuery gives back what a failed query cost). Throws what `checkPrivately` throws before anything is
 * spent, and Refusal where a budget is not sufficient.
 */
export async function answerPrivately(
  query: Analysed,
  unordered: readonly PrivateSelect[],
  { translate, rows, ledger, chance = cryptographic }: Means,
): Promise<string> {
  const selects = checkPrivately(query, unordered, translate);
  await ledger.spend(selects.flatMap(({ charge }) => charge ?? []));
  const answers = withoutRows(selects);
  for (const select of selects) {
    const key = chance.key();
    const inSql = (of: Analysed, sensitive: ReadonlySet<Node>) => translate(of, sensitive, answers);
    const bins = binsOf(query, select, key, inSql);
    const counts = bins ? await rows(bins.sql, bins.types) : [];
    const found = placed(query, select.scan, () => bounded(select, counts, chance));
    const { sql, types } = contributions(query, found, key, inSql);
    answers.set(select.scan, relationOf(select, released(found, await rows(sql, types), chance)));
  }
  return translate(query, new Set(), answers);
}

/**
 * Sees that a query can be answered, and spends and reads nothing. Returns its SELECTs WITH DIFFERENTIAL_PRIVACY in the order of their
 * answers. Throws Refusal, and what `translate` throws.
 */
export function checkPrivately(
  query: Analysed,
  unordered: readonly PrivateSelect[],
  translate: Means["translate"],
): PrivateSelect[] {
  // Those in a WITH clause or a subquery come before those that read them.
  const selects = unordered.toSorted(byPlace(query.query));
  const answers = withoutRows(selects);
  for (const select of selects) unitsOf(query, select, "", (of, sensitive) => translate(of, sensitive, answers));
  translate(query, new Set(), answers);
  return selects;
}

function withoutRows(selects: readonly PrivateSelect[]): Map<Node, string> {
  return new Map(selects.map((select) => [select.scan, relationOf(select, [])]));
}

/** By the place in the tree, what is inside of a node before it. */
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
