/*
 * What a report page is given: types only. `report/sales.ts` and its neighbours fill them by SQL on the marts, the browser reads them,
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

/** `index.html`, which links the others, has no data of its own. */
export type IndexReport = Report<Readonly<Record<string, never>>>;
export type SalesReport = Report<SalesData>;
export type CustomersReport = Report<CustomersData>;
export type CleanRoomReport = Report<CleanRoomData>;

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

/* ------------------------------------------------------------------ Sales */

/**
 * Filters: order date, store, order type. Every figure is a sum over the `cells` that the filter keeps (and, for `discounts`, over the
 * rows whose cell it keeps), or a quotient of two such sums.
 */
export interface SalesData {
  readonly sales?: SalesCube;
}

export interface SalesCube {
  readonly days: Days;
  readonly stores: readonly Store[];
  /** Such as In-store, Takeaway. */
  readonly orderTypes: readonly string[];
  /** Hours of the day in which there are orders, 0 to 23: from `first`, so many. */
  readonly hours: { readonly first: number; readonly count: number };
  /** `categories` is how many of the three categories an order of the mix holds: 2 and more is a mixed order. */
  readonly mixes: readonly { readonly name: string; readonly categories: number }[];
  readonly products: readonly Product[];
  readonly discountReasons: readonly DiscountReason[];
  readonly cells: SalesCells;
  readonly discounts: DiscountRows;
}

export interface Product {
  readonly name: string;
  /** Beverage, Pastry or Savory */
  readonly category: string;
  /** Such as Coffee or Croissant. */
  readonly subcategory: string;
}

/** A promotion by its code, or a customer's loyalty level such as 5%. */
export interface DiscountReason {
  readonly kind: "promotion" | "loyalty";
  readonly name: string;
}

/** Grain: a day, store and order type with at least one order; in this order. */
export interface SalesCells {
  readonly day: Column;
  readonly store: Column;
  readonly orderType: Column;
  /** Orders, refunded ones included. */
  readonly orders: Column;
  /** Average order value is net / (orders − refundedOrders), as in the marts. */
  readonly refundedOrders: Column;
  /** Pieces sold; items per order is items / orders. */
  readonly items: Column;
  /** Orders with a discount of any amount. */
  readonly discountedOrders: Column;
  /** List price of all that was ordered. */
  readonly subTotal: Column;
  /** Discounts given; the discount rate is discount / subTotal. */
  readonly discount: Column;
  /** Revenue: what the chain kept. */
  readonly net: Column;
  /** Revenue less the cost of the goods, which refunded orders have too. */
  readonly margin: Column;
  /** cells × hours: orders. Volume by weekday follows from `day`. */
  readonly ordersByHour: Column;
  /** cells × mixes: orders. */
  readonly ordersByMix: Column;
  /** cells × mixes: revenue. */
  readonly netByMix: Column;
  /** cells × products: pieces. */
  readonly itemsByProduct: Column;
  /** cells × products: revenue. Adds up to `net`; by category, sum the products of it. */
  readonly netByProduct: Column;
}

/** Grain: a cell and a reason, where a discount was given. Adds up to `discount` and `discountedOrders` of the cells. */
export interface DiscountRows {
  /** Place in `cells`. */
  readonly cell: Column;
  readonly reason: Column;
  readonly orders: Column;
  readonly discount: Column;
}

/* -------------------------------------------------------------- Customers */

/**
 * Filters, with what they mean on this page:
 * - customers (with their months and gaps): by the day they registered, their home store (the one they visit most) and their main order
 *   type (that of most of their orders). All else about them is as of `meta.asOf`, whatever the filter: scores, segments and churn
 *   compare a customer with all customers.
 * - registered against anonymous (`trade`): orders by their day, store and order type.
 * A part is absent where its mart is missing.
 */
export interface CustomersData {
  readonly customers?: Customers;
  readonly months?: CustomerMonths;
  readonly gaps?: VisitGaps;
  readonly trade?: Trade;
}

/** Registered customers who have ordered. */
export interface Customers {
  /** From the first registration to `asOf`. */
  readonly days: Days;
  readonly stores: readonly Store[];
  readonly orderTypes: readonly string[];
  /** Loyalty levels, lowest discount first. `rate` in percent. */
  readonly levels: readonly { readonly name: string; readonly rate: number }[];
  /** How they came, such as app or friend. */
  readonly channels: readonly string[];
  /** Best first, with what they mean and what to do about it, a sentence each. */
  readonly segments: readonly { readonly name: string; readonly meaning: string }[];
  /** The grid: segment of each pair of scores, `segmentOf[(r - 1) * 5 + f - 1]`. */
  readonly segmentOf: Column;
  /** Grain: a customer, by registration day. */
  readonly profiles: Profiles;
  /** Registered customers without any order, by registration day and home store: not among the profiles. */
  readonly silent: { readonly registered: Column; readonly store: Column };
}

export interface Profiles {
  /** Day of registration; the cohort is its month. The customer's age in days is `days.count - 1 - registered`. */
  readonly registered: Column;
  /** Home store. */
  readonly store: Column;
  /** Main order type. */
  readonly orderType: Column;
  readonly level: Column;
  readonly channel: Column;
  /** Days from the last order to `asOf`: below 7, 30, 90 is active in that window. */
  readonly recency: Column;
  /** Orders, refunded ones included. More than one is a repeat customer. */
  readonly orders: Column;
  readonly refundedOrders: Column;
  /** Lifetime value: revenue of all orders. */
  readonly ltv: Column;
  /** Revenue less the cost of the goods; may be below 0. */
  readonly marginLtv: Column;
  /** 1 where the customer has been away for longer than three of their own median gaps (180 days where there is none), else 0. */
  readonly churned: Column;
  /** Twice the median of the days between visits, whole; -1 with one visit. */
  readonly medianGapTimes2: Column;
  /** 1 to 5, 5 the best. The segment is `segmentOf` of the first two. */
  readonly r: Column;
  readonly f: Column;
  readonly m: Column;
}

/**
 * Grain: a customer and a calendar month in which they ordered. Retention of a cohort in month k is the share of its customers who have
 * a row with `month` k; its cumulative value is the sum of `net` up to k. Months after `asOf` have not been: leave them out, and know
 * that the month of `asOf` may be partial.
 */
export interface CustomerMonths {
  /** Place in `customers.profiles`, ascending. */
  readonly customer: Column;
  /** Calendar months since that of registration, 0 for itself. */
  readonly month: Column;
  readonly orders: Column;
  readonly net: Column;
}

/** How long customers stay away between two visits; a visit is a day with an order. */
export interface VisitGaps {
  /** Shortest first: `from` to `to` days, `to` absent for the last. */
  readonly buckets: readonly { readonly name: string; readonly from: number; readonly to?: number }[];
  /** profiles × buckets: how many of the customer's gaps are that long. */
  readonly gaps: Column;
}

/** All orders, of registered customers and of anonymous ones. */
export interface Trade {
  readonly days: Days;
  readonly stores: readonly Store[];
  readonly orderTypes: readonly string[];
  /** Grain: a day, store and order type with at least one order; in this order. Order value is net / (orders − refunded). */
  readonly cells: {
    readonly day: Column;
    readonly store: Column;
    readonly orderType: Column;
    readonly registeredOrders: Column;
    readonly registeredRefunded: Column;
    readonly registeredNet: Column;
    readonly anonymousOrders: Column;
    readonly anonymousRefunded: Column;
    readonly anonymousNet: Column;
  };
}

/* ------------------------------------------------------------- Clean room */

/** The use cases' answers. Nothing is filtered: a clean room answers what was asked. */
export interface CleanRoomData {
  readonly useCases: readonly UseCaseAnswer[];
}

export interface UseCaseAnswer {
  /** Such as `02-segmentation-by-tier`. */
  readonly name: string;
  readonly title: string;
  readonly question: string;
  /** Who asks. */
  readonly party: "merchant" | "wallet";
  readonly sql: string;
  /** `type` is BigQuery's: STRING, INT64, FLOAT64, NUMERIC, BOOL, DATE. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
  /** Sentences: the views that were asked, the rule and threshold in force, what was suppressed and why. */
  readonly rules: readonly string[];
  /** Why there is no answer, where the clean room refused. */
  readonly refused?: string;
}

/* ------------------------------------------------------- From data to page */

/**
 * The pages without their data, as the build makes them (`report/build.ts`: `buildPages(): Pages`, into `dist/report/`): one HTML file
 * each, `index.html` among them, whole but for the data, which takes the place of `DATA_MARK`.
 */
export interface Pages {
  /** By file name, such as `sales.html`: absolute path on this machine. */
  readonly files: Readonly<Record<string, string>>;
  /** First eight digits of the SHA-256 over names and contents. */
  readonly hash: string;
}
