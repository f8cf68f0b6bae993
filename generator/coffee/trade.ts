import { Random } from "../random.ts";
import { type Menu, menuOf } from "./baskets.ts";
import { type Encoded, encode } from "./bytes.ts";
import { dayOf, isoDay, kyivOffsetHours, weekdayOf } from "./calendar.ts";
import { type Customer, isActive, registersInStore } from "./customers.ts";
import { cityDemand } from "./demand.ts";
import { offersOn } from "./discounts.ts";
import { type Choices, choices, choose } from "./draws.ts";
import { personas } from "./personas.ts";
import { stores } from "./stores.ts";

/** Share of a registered customer's visits that go to any store in town, which may be the home store. */
const ROAMING = 0.19;

/** More than any customer id, so that day and id make one key. */
const MOST_CUSTOMERS = 2 ** 24;

/** Facts of a day that all stores share. */
export interface TradingDay {
  readonly day: number;
  /** `YYYY-MM-DD` and `YYYYMMDD`. */
  readonly text: Encoded;
  readonly digits: Encoded;
  readonly utcOffsetHours: number;
  readonly weekend: boolean;
  readonly weekday: number;
  /** Demand of the whole city, relative to an ordinary day. */
  readonly city: number;
  readonly menu: Menu;
  readonly payments: Choices;
  /** The promotion offered in each hour, as an index into `promotions`; -1 if there is none. */
  readonly offers: Int8Array;
}

/** Returns a function that gives the facts of a day. It keeps the facts that change by month only. */
export function tradingDays(seed: number): (day: number) => TradingDay {
  const random = new Random(seed, "coffee days");
  let month = "";
  let menu: Menu;
  let payments: Choices;
  return (day) => {
    const iso = isoDay(day);
    if (month !== iso.slice(0, 7)) {
      month = iso.slice(0, 7);
      menu = menuOf(dayOf(`${month}-01`));
      payments = paymentsIn(Number(month.slice(0, 4)));
    }
    const weekday = weekdayOf(day);
    return {
      day,
      text: encode(iso),
      digits: encode(iso.replaceAll("-", "")),
      utcOffsetHours: kyivOffsetHours(day),
      weekend: weekday >= 5,
      weekday,
      city: cityDemand(day, random.at(day)),
      menu,
      payments,
      offers: offersOn(iso.slice(5), weekday),
    };
  };
}

/** Choice of the payment method in a year: card, cash, e-wallet. Cash loses share to the e-wallet every year. */
function paymentsIn(year: number): Choices {
  const years = Math.min(year - 2022, 8);
  return choices([0.62, 0.24 - 0.025 * years, 0.14 + 0.025 * years]);
}

/**
 * Returns a function that lists the registered customers who come to each store on a day, each at most once. A visit depends only
 * on seed, customer and day. The lists are valid until the next call.
 */
export function registeredVisits(
  customers: readonly Customer[],
  seed: number,
): (on: TradingDay) => readonly (readonly Customer[])[] {
  const visits: Customer[][] = stores.map(() => []);
  const random = new Random(seed, "coffee visits");
  return ({ day, weekday, city }) => {
    for (const visitors of visits) visitors.length = 0;
    const chances = personas.map(({ weekdays }) => (weekdays[weekday] as number) * city);
    const anyStore = choices(stores.map(({ openedOn, ordersADay }) => (day >= openedOn ? ordersADay : 0)));
    for (const customer of customers) {
      if (customer.registeredOn > day) break;
      if (!isActive(customer, day)) continue;
      random.at(day * MOST_CUSTOMERS + customer.id);
      const comes = random.next() < customer.ordersADay * (chances[customer.persona] as number);
      if (!comes && !registersInStore(customer, day)) continue;
      const store = random.next() < ROAMING ? choose(random, anyStore) : customer.homeStore;
      (visits[store] as Customer[]).push(customer);
    }
    return visits;
  };
}
