import type { Column, Days, Report, Store } from "../report.ts";

/* What the page of customers is given: the conventions are in report.ts. */

export type CustomersReport = Report<CustomersData>;

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
  /** Lifetime value: revenue of all orders. */
  readonly ltv: Column;
  /** 1 where the customer has been away for longer than three of their own median gaps (180 days where there is none), else 0. */
  readonly churned: Column;
  /** Twice the median of the days between visits, whole; -1 with one visit. */
  readonly medianGapTimes2: Column;
  /** 1 to 5, 5 the best. The segment is `segmentOf` of the first two. */
  readonly r: Column;
  readonly f: Column;
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
