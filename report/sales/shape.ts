import type { Column, Days, Report, Store } from "../report.ts";

/* The data of the sales page. report.ts explains the conventions. */

export type SalesReport = Report<SalesData>;

/**
 * Filters choose order dates, stores and order types. Every figure is a sum over the `cells` that the filter keeps (in `discounts`, over
 * the rows whose cell it keeps), or a quotient of two such sums.
 */
export interface SalesData {
  readonly sales?: SalesCube;
}

export interface SalesCube {
  readonly days: Days;
  readonly stores: readonly Store[];
  /** Such as In-store, Takeaway. */
  readonly orderTypes: readonly string[];
  /** Hours of the day that have orders: `count` of them from `first`, 0 to 23. */
  readonly hours: { readonly first: number; readonly count: number };
  /** Mixes of categories in an order. `categories` is how many of the three it has; a mixed order has 2 or more. */
  readonly mixes: readonly { readonly name: string; readonly categories: number }[];
  readonly products: readonly Product[];
  readonly discountReasons: readonly DiscountReason[];
  /** Events in the city and the chain, and promotions, by first day. */
  readonly events: readonly ShopEvent[];
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

export interface ShopEvent {
  readonly name: string;
  /** Such as holiday, outage or promotion. */
  readonly kind: string;
  /** First and last day. */
  readonly from: number;
  readonly to: number;
  /** Absent if it concerns all stores. */
  readonly store?: number;
}

/** `name` is a promotion's code, or a customer's loyalty level with its discount, such as Bronze, 5%. */
export interface DiscountReason {
  readonly kind: "promotion" | "loyalty";
  readonly name: string;
}

/** Grain: a day, store and order type with at least one order, sorted in this order. */
export interface SalesCells {
  readonly day: Column;
  readonly store: Column;
  readonly orderType: Column;
  /** Orders, refunded ones included. */
  readonly orders: Column;
  /** Orders that were refunded. As in the marts, the average order value is net / (orders − refundedOrders). */
  readonly refundedOrders: Column;
  /** Pieces sold. Items per order is items / orders. */
  readonly items: Column;
  /** Orders with a discount of any amount. */
  readonly discountedOrders: Column;
  /** List price of everything ordered. */
  readonly subTotal: Column;
  /** Discounts given. The discount rate is discount / subTotal. */
  readonly discount: Column;
  /** Revenue: the money that the chain kept. */
  readonly net: Column;
  /** Revenue less the cost of goods; refunded orders have costs too. */
  readonly margin: Column;
  /** cells × hours: orders. */
  readonly ordersByHour: Column;
  /** cells × mixes: orders. */
  readonly ordersByMix: Column;
  /** cells × mixes: orders that were refunded. Adds up to `refundedOrders`. */
  readonly refundedByMix: Column;
  /** cells × mixes: revenue. */
  readonly netByMix: Column;
  /** cells × products: pieces. */
  readonly itemsByProduct: Column;
  /** cells × products: revenue. Adds up to `net`. */
  readonly netByProduct: Column;
}

/** Grain: a cell and a reason for which discounts were given. Adds up to `discount` and `discountedOrders` of the cells. */
export interface DiscountRows {
  /** Place in `cells`. */
  readonly cell: Column;
  readonly reason: Column;
  readonly orders: Column;
  readonly discount: Column;
}

/** Sums over the cells that a filter keeps. Money in kopiykas. */
export interface SalesTotals {
  orders: number;
  refunded: number;
  items: number;
  discounted: number;
  subTotal: number;
  discount: number;
  net: number;
  margin: number;
}
