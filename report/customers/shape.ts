import type { Column, Days, Report, Store } from "../report.ts";

/* The data of the customers page. report.ts explains the conventions. */

export type CustomersReport = Report<CustomersData>;

/**
 * On this page, filters choose
 * - customers (with their months and gaps) by the day they registered, their home store (that of their profile) and their main order
 *   type (that of most of their orders). Everything else about them is as of `meta.asOf`, whatever the filter: scores, segments and churn
 *   compare a customer with all customers.
 * - registered and anonymous orders (`trade`) by their day, store and order type.
 * A part is absent if a mart that it needs is missing.
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
  /** Acquisition channels, such as app or friend. */
  readonly channels: readonly string[];
  /** Best first. `meaning` is two sentences: who they are, and what to do about them. */
  readonly segments: readonly { readonly name: string; readonly meaning: string }[];
  /** The segment of each pair of scores, `segmentOf[(r - 1) * 5 + f - 1]`. */
  readonly segmentOf: Column;
  /** Grain: a customer, sorted by registration day. */
  readonly profiles: Profiles;
  /** Registration day and home store of registered customers who never ordered. The profiles leave them out. */
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
  /** Days from the last order to `asOf`. Below 7, 30 or 90, the customer is active in that window. */
  readonly recency: Column;
  /** Orders, refunded ones included. A repeat customer has more than one. */
  readonly orders: Column;
  /** Lifetime value: revenue of all orders. */
  readonly ltv: Column;
  /** 1 if the customer counts as having left, as definitions.md says, else 0. */
  readonly churned: Column;
  /** Twice the median days between visits, so that it is whole; -1 with one visit. */
  readonly medianGapTimes2: Column;
  /** Recency and frequency scores, 1 to 5, 5 the best. Together they decide the segment. */
  readonly r: Column;
  readonly f: Column;
}

/**
 * Grain: a customer and a calendar month in which they ordered. Retention of a cohort in month k is the share of its customers who have
 * a row with `month` k; its cumulative value is the sum of `net` up to k. The month of `asOf` may be incomplete.
 */
export interface CustomerMonths {
  /** Place in `customers.profiles`, ascending. */
  readonly customer: Column;
  /** Calendar months since the month of registration, which is 0. */
  readonly month: Column;
  readonly net: Column;
}

/** How long customers stay away between two visits. A visit is a day with an order. */
export interface VisitGaps {
  /** Shortest first: `from` to `to` days. The last has no `to`. */
  readonly buckets: readonly { readonly name: string; readonly from: number; readonly to?: number }[];
  /** profiles × buckets: how many of the customer's gaps fall into the bucket. */
  readonly gaps: Column;
}

/** All orders: those of registered customers and anonymous ones. */
export interface Trade {
  readonly days: Days;
  readonly stores: readonly Store[];
  readonly orderTypes: readonly string[];
  /** Grain: a day, store and order type with at least one order, sorted in this order. Order value is net / (orders − refunded). */
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
