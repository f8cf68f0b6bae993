import { UserError } from "../generator/errors.ts";
import type { ResultRow } from "../generator/warehouse/warehouse.ts";
import { daysBetween } from "./days.ts";
import type { Days } from "./report.ts";

/* Turns the rows of a query into columns, as report/report.ts describes them. */

/** The days from the first to the last, both `YYYY-MM-DD`; `of` gives a day's number among them. No days if either is undefined. */
export function daySpan(first: string | undefined, last: string | undefined): Days & { of(day: unknown): number } {
  const none = first === undefined || last === undefined;
  const start = none ? "1970-01-01" : first;
  return {
    first: start,
    count: none ? 0 : daysBetween(start, last) + 1,
    of: (day) => daysBetween(start, String(day)),
  };
}

/** The days of rows that are sorted by `order_date`, as `daySpan` gives them. */
export function orderDays(rows: readonly ResultRow[]): ReturnType<typeof daySpan> {
  const dayIn = (row: ResultRow | undefined) => (row === undefined ? undefined : String(row.order_date));
  return daySpan(dayIn(rows[0]), dayIn(rows.at(-1)));
}

/** Converts an amount in UAH to kopiykas. */
export function kopiykas(amount: ResultRow[string] | undefined): number {
  return Math.round(Number(amount) * 100);
}

/** A list of different words, for a column that holds places in it. */
export interface Dictionary {
  readonly list: readonly string[];
  /** The place of a word. Throws UserError if the list lacks it, which happens when one mart is older than another. */
  of(word: unknown): number;
}

/** @param list keeps its order */
export function dictionaryOf(list: readonly string[]): Dictionary {
  const places = new Map(list.map((word, place) => [word, place]));
  return {
    list,
    of(word) {
      const place = places.get(String(word));
      if (place === undefined)
        throw new UserError(
          `one mart has "${word}" and another does not, so they come from different builds: build the marts again with dbt`,
        );
      return place;
    },
  };
}

/** The different values of a column, sorted. */
export function distinct(rows: readonly ResultRow[], column: string): string[] {
  return [...new Set(rows.map((row) => String(row[column])))].sort();
}

/** A matrix of `height` × `width`, row by row. `at` gives the cell of a row, as [y, x], and `value` its content; all others are 0. */
export function matrix(
  height: number,
  width: number,
  rows: readonly ResultRow[],
  at: (row: ResultRow) => readonly [number, number],
  value: (row: ResultRow) => number,
): number[] {
  const cells = new Array<number>(height * width).fill(0);
  for (const row of rows) {
    const [y, x] = at(row);
    cells[y * width + x] = value(row);
  }
  return cells;
}
