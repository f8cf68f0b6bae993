import { Random } from "../random.ts";
import { type Menu, menuOf } from "./baskets.ts";
import { type Encoded, encode } from "./bytes.ts";
import { dayOf, isoDay, kyivOffsetHours, weekdayOf } from "./calendar.ts";
import { type Customer, isActive, registersInStore } from "./customers.ts";
import { cityDemand } from "./demand.ts";
import { promotions } from "./discounts.ts";
import { type Choices, choices, choose } from "./draws.ts";
import { personas } from "./personas.ts";
import { stores } from "./stores.ts";

/** Visits of a registered customer that go to any store in town, the home store among them. */
const ROAMING = 0.19;

/** Above every customer id: day and id make one key. */
const MOST_CUSTOMERS = 2 ** 24;

/** What all stores have in common on a day. */
export interface TradingDay {
  readonly day: number;
  /** `YYYY-MM-DD` and `YYYYMMDD`. */
  readonly text: Encoded;
  readonly digits: Encoded;
  readonly utcOffsetHours: number;
  readonly weekend: boolean;
  readonly weekday: number;
  /** Demand of the whole city against an ordinary day. */
  readonly city: number;
  readonly menu: Menu;
  readonly payments: Choices;
  /** The promotion offered in each hour, by its place in the list; -1 where there is none. */
  readonly offers: Int8Array;
}

/** Makes the function that tells of each day; it keeps what changes by the month. */
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

/** Choice of the payment method in a year: card, cash, e-wallet. Cash gives way to the wallet. */
function paymentsIn(year: number): Choices {
  const years = Math.min(year - 2022, 8);
  return choices([0.62, 0.24 - 0.025 * years, 0.14 + 0.025 * years]);
}

function offersOn(monthAndDay: string, weekday: number): Int8Array {
  return Int8Array.from({ length: 24 }, (_, hour) =>
    promotions.findIndex(
      ({ runs, hours }) =>
        runs(monthAndDay, weekday) && (hours === undefined || (hour >= hours.from && hour < hours.to)),
    ),
  );
}

/**
 * Makes the function that tells which registered customers come to each store on a day, at most once each. Whether one comes
 * depends on seed, customer and day only. The lists it returns are good until its next call.
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
