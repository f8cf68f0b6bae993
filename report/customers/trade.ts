import { at } from "../column-math.ts";
import { dayAt, monthAt, monthNumber } from "../days.ts";
import { type Filter, keeps, select } from "../filter.ts";
import type { Trade } from "./shape.ts";

/** Orders of registered and of anonymous customers. */
export interface TradeSummary {
  readonly registered: TradeTotals;
  readonly anonymous: TradeTotals;
  /** One for each month of the selection that has orders. */
  readonly months: readonly { readonly month: string; readonly registered: number; readonly anonymous: number }[];
}

export interface TradeTotals {
  orders: number;
  refunded: number;
  net: number;
}

/** Compares registered and anonymous orders among those that the filter keeps, by day, store and order type. */
export function summariseTrade(trade: Trade, filter: Filter): TradeSummary {
  const { cells, days } = trade;
  const selection = select(filter, trade);
  const registered = { orders: 0, refunded: 0, net: 0 };
  const anonymous = { orders: 0, refunded: 0, net: 0 };
  const months = new Map<number, { registered: number; anonymous: number }>();
  // Cells are sorted by day, so look the month up once per day.
  let day = -1;
  let month = { registered: 0, anonymous: 0 };
  for (let i = 0; i < cells.day.length; i++) {
    const today = at(cells.day, i);
    if (today < selection.from || today > selection.to) continue;
    if (!keeps(selection, cells, i)) continue;
    if (today !== day) {
      day = today;
      const number = monthNumber(dayAt(days.first, day));
      month = months.get(number) ?? { registered: 0, anonymous: 0 };
      months.set(number, month);
    }
    registered.orders += at(cells.registeredOrders, i);
    registered.refunded += at(cells.registeredRefunded, i);
    registered.net += at(cells.registeredNet, i);
    anonymous.orders += at(cells.anonymousOrders, i);
    anonymous.refunded += at(cells.anonymousRefunded, i);
    anonymous.net += at(cells.anonymousNet, i);
    month.registered += at(cells.registeredOrders, i);
    month.anonymous += at(cells.anonymousOrders, i);
  }
  return {
    registered,
    anonymous,
    months: [...months].map(([number, orders]) => ({ month: monthAt(number), ...orders })),
  };
}
