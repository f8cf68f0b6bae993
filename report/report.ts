/*
 * The data of a report page. Each folder's `read.ts` fills it by SQL on the marts, and the page in the browser shows it.
 *
 * Conventions for all pages:
 * - Columns, not rows: `cells.net[i]` belongs to `cells.day[i]`. The columns of one object have the same length.
 * - Names are in lists, and columns hold places in them: `stores[cells.store[i]]`.
 * - A matrix is one array, row by row: `ordersByHour[cell * hours.count + hour - hours.first]`.
 * - Money is in whole kopiykas (UAH × 100), so that sums are exact.
 * - A day is a number: days since `days.first`, 0 for the first. Earlier days are negative. Kyiv time.
 * - A refunded order counts as an order, with 0 money.
 * - Nothing here names a person: no customer's id, name, address or birth date.
 */

/** Whole numbers. */
export type Column = readonly number[];

/** The pages besides the index: file names without `.html`. */
export type PageName = "sales" | "customers" | "clean-room";

/** Facts about the page itself. */
export interface Meta {
  /** When the page was made: ISO 8601 in UTC, shown in `timeZone`. */
  readonly madeAt: string;
  /** The warehouse, for people: `BigQuery, project my-project`, or `DuckDB`. */
  readonly source: string;
  /** The tables that were read, `dataset.table`, with their row counts; a missing table has no count. */
  readonly tables: readonly { readonly name: string; readonly rows?: number }[];
  /** Last day of orders, `YYYY-MM-DD`; all "days since" look back from it. Absent without orders. */
  readonly asOf?: string;
  /** Last day of the data that the marts were built from, `YYYY-MM-DD`. Absent if they do not say, as on the clean room's page. */
  readonly until?: string;
  /** Why last night's data is not in the marts, as part of a sentence. Absent if it is. */
  readonly failed?: string;
  /** The pages that were written together and link each other; the clean room's may be left out. */
  readonly pages: readonly PageName[];
  /** Start of links between the pages, if relative ones do not work: `https://storage.cloud.google.com/BUCKET/`. */
  readonly base?: string;
  readonly timeZone: "Europe/Kyiv";
}

/**
 * A page's data. The page's file contains it as `encodeReport` writes it, and `decodeReport` reads it back.
 * A part whose mart is missing is absent; the page shows the sentence in `missing` in place of the charts that need it.
 */
export interface Report<Data> {
  readonly page: PageName | "index";
  readonly meta: Meta;
  readonly data: Data;
  /** Sentences for people, by name of the absent part, such as `coffee_marts.flat_orders does not exist in the warehouse: …`. */
  readonly missing: Readonly<Partial<Record<keyof Data & string, string>>>;
}

/**
 * Reads a report that `encodeReport` wrote, in a browser or in Node. Throws if the text is incomplete.
 */
export async function decodeReport<R extends Report<unknown>>(text: string): Promise<R> {
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const json = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(json).json()) as R;
}

/** The days that the orders span. Without orders `count` is 0 and `first` is 1970-01-01. */
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
