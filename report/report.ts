/*
 * What a report page is given: types only. the `read.ts` of each subject fills them by SQL on the marts, the browser reads them,
 * and tests hold one against the other.
 *
 * Conventions, in all of them:
 * - Columns, not rows: `cells.net[i]` belongs to `cells.day[i]`. The columns of one object have the same length.
 * - Words are in lists, and columns hold places in them: `stores[cells.store[i]]`.
 * - A matrix is one array, row by row: `ordersByHour[cell * hours.count + hour - hours.first]`.
 * - Money is in kopiykas (UAH × 100), whole numbers: sums are exact.
 * - A day is a number: days since `days.first`, 0 for the first. Earlier days are negative. Kyiv time.
 * - An order that was refunded counts as an order, and its money as 0.
 * - Nothing here names a person: no customer's id, name, address or birth date.
 */

/** Whole numbers. Plain arrays in JSON; make typed arrays of them where it pays. */
export type Column = readonly number[];

/** The pages, by file name without its ending. */
export type PageName = "sales" | "customers" | "clean-room";

/** What every page begins with. */
export interface Meta {
  /** When the page was made: an instant, ISO 8601 in UTC; show it in `timeZone`. */
  readonly madeAt: string;
  /** What it was made from, for people: `BigQuery, project my-project`, or `DuckDB`. */
  readonly source: string;
  /** The tables that were read, `dataset.table`, with their rows. Those that are missing have none. */
  readonly tables: readonly { readonly name: string; readonly rows?: number }[];
  /** Last day of orders in the marts, `YYYY-MM-DD`: all "days since" look back from it. Absent where there are no orders. */
  readonly asOf?: string;
  /** The pages that were written together, to be linked: the clean room's may be left out. */
  readonly pages: readonly PageName[];
  /** What links between the pages begin with, where a page's own address will not do: `https://storage.cloud.google.com/BUCKET/`. */
  readonly base?: string;
  readonly currency: "UAH";
  readonly timeZone: "Europe/Kyiv";
}

/**
 * What a page holds, as JSON, gzipped, in base 64: `decodeReport` of report/decode.ts reads it back, in the browser and in Node.
 * A part whose mart is missing is absent, and `missing` says so: show that in place of the charts that need it.
 */
export interface Report<Data> {
  readonly page: PageName | "index";
  readonly meta: Meta;
  readonly data: Data;
  /** By name of the absent part: a sentence for people, such as `The table coffee_marts.flat_orders does not exist: build the marts.` */
  readonly missing: Readonly<Partial<Record<keyof Data & string, string>>>;
}

/** The days that the orders span. `count` is 0 where there are none; `first` is then 1970-01-01. */
export interface Days {
  /** `YYYY-MM-DD` */
  readonly first: string;
  readonly count: number;
}

export interface Store {
  readonly name: string;
  readonly district: string;
  readonly address: string;
  /** Degrees. */
  readonly latitude: number;
  readonly longitude: number;
  /** flagship, neighbourhood or kiosk */
  readonly format: string;
  /** `YYYY-MM-DD` */
  readonly openedOn: string;
}
