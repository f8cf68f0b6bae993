import type { Column, Days, Report, Store } from "../report.ts";

/* What the page of sales is given: the conventions are in report.ts. */

export type SalesReport = Report<SalesData>;

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
