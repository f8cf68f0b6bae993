import type { ResultRow } from "../generator/warehouse/warehouse.ts";

/** Sums to compute for each part of each group. */
export interface PackedQuery {
  /** The mart, as `Marts.rows` takes it: `{flat_orders}`. */
  readonly from: string;
  /** Columns that form a group. */
  readonly by: readonly string[];
  /** An expression of any type that divides a group into parts. */
  readonly part: string;
  /** Expressions that aggregate a part to whole numbers. */
  readonly sums: readonly string[];
  /** @default all rows */
  readonly where?: string;
}

/** An expression that sums an amount in UAH and gives kopiykas. */
export const sumOfMoney = (column: string): string => `SUM(${column}) * 100`;

/**
 * A query that returns one row per group, with the group's parts packed into one text, which `eachPart` reads. BigQuery sends ten
 * thousand rows in a moment, but not a hundred thousand.
 */
export function packedQuery({ from, by, part, sums, where = "TRUE" }: PackedQuery): string {
  const group = by.join(", ");
  const named = sums.map((sum, i) => `CAST(${sum} AS BIGINT) AS sum_${i}`).join(", ");
  // The part comes last: it may contain spaces, but no tab.
  const text = `CONCAT(${sums.map((_, i) => `CAST(sum_${i} AS STRING), ' ', `).join("")}CAST(part AS STRING))`;
  return `SELECT ${group}, STRING_AGG(${text}, '\t') AS parts
    FROM (SELECT ${group}, ${part} AS part, ${named} FROM ${from} WHERE ${where} GROUP BY ${group}, part) AS counted
    GROUP BY ${group}`;
}

/**
 * Visits the parts of a group. There are hundreds of thousands of them, so no object is made for each.
 * @param count how many sums each part has
 * @param visit gets a part with its sums in the order of the query. The array is the same for each part.
 */
export function eachPart(
  { parts }: ResultRow,
  count: number,
  visit: (part: string, sums: readonly number[]) => void,
): void {
  const text = String(parts);
  const sums = new Array<number>(count).fill(0);
  for (let from = 0; from <= text.length; ) {
    for (let place = 0; place < count; place++) {
      const blank = text.indexOf(" ", from);
      sums[place] = Number(text.slice(from, blank));
      from = blank + 1;
    }
    const tab = text.indexOf("\t", from);
    const end = tab < 0 ? text.length : tab;
    visit(text.slice(from, end), sums);
    from = end + 1;
  }
}
