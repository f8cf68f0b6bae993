import type { ResultRow } from "./warehouse.ts";

/** One line of a report on rows. */
export interface Count {
  /** Of what, such as "users". */
  readonly of: string;
  /** Which of them, such as "read". */
  readonly what: string;
  readonly rows: number;
}

/** A count that is asked of the warehouse, by a query of one number. */
export type CountQuery = Omit<Count, "rows"> & { readonly sql: string };

/** The query that asks for all counts at once: one row, a column each. */
export function askCounts(queries: readonly CountQuery[]): string {
  return `SELECT ${queries.map(({ sql }, index) => `(${sql}) AS count_${index}`).join(",\n")}`;
}

/** The counts, in the order of the queries, from the row that `askCounts` returned. */
export function readCounts(queries: readonly CountQuery[], row: ResultRow): Count[] {
  return queries.map(({ of, what }, index) => ({ of, what, rows: Number(row[`count_${index}`]) }));
}
