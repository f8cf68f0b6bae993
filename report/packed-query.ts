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
 * A query that returns one row per group, with the group's parts packed into one text, which `unpackParts` reads. BigQuery sends ten
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

/** One part of a group, with its sums in the order of the query. */
export interface Part {
  readonly part: string;
  readonly sums: readonly number[];
}

/** Unpacks the parts of a group. @param sums how many sums each part has */
export function unpackParts({ parts }: ResultRow, sums: number): Part[] {
  return String(parts)
    .split("\t")
    .map((text) => {
      // There are hundreds of thousands of parts: splitting each at its blanks would take twice as long.
      const values: number[] = [];
      let from = 0;
      while (values.length < sums) {
        const to = text.indexOf(" ", from);
        values.push(Number(text.slice(from, to)));
        from = to + 1;
      }
      return { part: text.slice(from), sums: values };
    });
}
