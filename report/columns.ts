import { UserError } from "../generator/errors.ts";
import type { ResultRow } from "../generator/warehouse/warehouse.ts";
import type { Days } from "./report.ts";

/* From rows of a query to the columns of report/shape.ts. */

const DAY_MS = 24 * 3600 * 1000;

/** A day, `YYYY-MM-DD`, as days since 1970. */
const sinceEpoch = (day: string): number => Date.parse(day) / DAY_MS;

/** The days from the first to the last one, both `YYYY-MM-DD`, and the number of a day among them. */
export function daysFrom(first: string | undefined, last: string | undefined): Days & { of(day: unknown): number } {
  const none = first === undefined || last === undefined;
  const start = none ? 0 : sinceEpoch(first);
  return {
    first: none ? "1970-01-01" : first,
    count: none ? 0 : sinceEpoch(last) - start + 1,
    of: (day) => sinceEpoch(String(day)) - start,
  };
}

/** An amount in UAH as kopiykas. */
export function kopiykas(amount: ResultRow[string] | undefined): number {
  return Math.round(Number(amount) * 100);
}

/** Words in a list, each once, and their places in it. */
export interface Words {
  readonly list: readonly string[];
  /** Throws UserError for a word that is not in the list: one mart is older than another. */
  of(word: unknown): number;
}

/** @param list in the order to be kept */
export function wordsOf(list: readonly string[]): Words {
  const places = new Map(list.map((word, place) => [word, place]));
  return {
    list,
    of(word) {
      const place = places.get(String(word));
      if (place === undefined)
        throw new UserError(
          `"${word}" is in one mart and not in another, so that they are not of one build: build them with dbt`,
        );
      return place;
    },
  };
}

/** The different words of a column, in their order. */
export function distinct(rows: readonly ResultRow[], column: string): string[] {
  return [...new Set(rows.map((row) => String(row[column])))].sort();
}

/** A matrix of `height` × `width` zeros, row by row, with what the rows hold. */
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
