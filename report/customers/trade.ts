import { at } from "../column-math.ts";
import { dayAt, monthAt, monthNumber } from "../days.ts";
import { type Filter, keeps, select } from "../filter.ts";
import { averageOrder } from "../sales/summary.ts";
import type { Trade } from "./shape.ts";

/** Orders of registered and of anonymous customers. */
export interface TradeSummary {
  readonly registered: TradeTotals;
  readonly anonymous: TradeTotals;
  /**
   * The average anonymous order at the time of the registered ones: of each month, weighted by its registered orders. Prices rise and guests
   * register, so averages of several years would compare the prices of different years. NaN if no month has both.
   */
  readonly anonymousThen: number;
  /** One for each month of the selection with orders on a week of days or more. */
  readonly months: readonly { readonly month: string; readonly registered: number; readonly anonymous: number }[];
}

export interface TradeTotals {
  orders: number;
  refunded: number;
  net: number;
}

/** With fewer days than these, a month may lack some weekdays, and registered customers come on workdays. */
const LEAST_DAYS = 7;

/** Compares registered and anonymous orders among those that the filter keeps, by day, store and order type. */
export function summariseTrade(trade: Trade, filter: Filter): TradeSummary {
  const { cells, days } = trade;
  const selection = select(filter, trade);
  const none: TradeTotals = { orders: 0, refunded: 0, net: 0 };
  const registered = { ...none };
  const anonymous = { ...none };
  const nothing = () => ({ days: 0, registered: { ...none }, anonymous: { ...none } });
  const months = new Map<number, ReturnType<typeof nothing>>();
  // Cells are sorted by day, so look the month up once per day.
  let day = -1;
  let month = nothing();
  for (let i = 0; i < cells.day.length; i++) {
    const today = at(cells.day, i);
    if (today < selection.from || today > selection.to) continue;
    if (!keeps(selection, cells, i)) continue;
    if (today !== day) {
      day = today;
      const number = monthNumber(dayAt(days.first, day));
      month = months.get(number) ?? nothing();
      month.days++;
      months.set(number, month);
    }
    for (const sums of [registered, month.registered]) {
      sums.orders += at(cells.registeredOrders, i);
      sums.refunded += at(cells.registeredRefunded, i);
      sums.net += at(cells.registeredNet, i);
    }
    for (const sums of [anonymous, month.anonymous]) {
      sums.orders += at(cells.anonymousOrders, i);
      sums.refunded += at(cells.anonymousRefunded, i);
      sums.net += at(cells.anonymousNet, i);
    }
  }
  const kept = ({ orders, refunded }: TradeTotals) => orders - refunded;
  const both = [...months.values()].filter((each) => kept(each.registered) > 0 && kept(each.anonymous) > 0);
  const weights = both.reduce((sum, each) => sum + kept(each.registered), 0);
  return {
    registered,
    anonymous,
    anonymousThen: both.reduce((sum, each) => sum + kept(each.registered) * averageOrder(each.anonymous), 0) / weights,
    months: [...months]
      .filter(([, { days }]) => days >= LEAST_DAYS)
      .map(([number, month]) => ({
        month: monthAt(number),
        registered: month.registered.orders,
        anonymous: month.anonymous.orders,
      })),
  };
}
