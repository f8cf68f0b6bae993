import { type Encoded, encode } from "../csv/bytes.ts";
import { Random } from "../random.ts";
import { type Menu, menuOf } from "./baskets.ts";
import { dayOf, isoDay, kyivOffsetHours, monthOf, weekdayOf } from "./calendar.ts";
import { type Customer, certainVisits } from "./customers.ts";
import { cityDemand } from "./demand.ts";
import { offersOn } from "./discounts.ts";
import { type Choices, choices, choose } from "./draws.ts";
import { presence } from "./lives.ts";
import { personas } from "./personas.ts";
import { type Hours, hoursOf, type ShopDay, shopDay } from "./shop-days.ts";
import { stores } from "./stores.ts";
import { paymentsIn } from "./tastes.ts";

/** Share of a registered customer's visits that go to any store in town, which may be the home store. */
const ROAMING = 0.19;
/** Share of those visits for which chance decides. The others go to the one store that the customer also uses, such as near work. */
const BY_CHANCE = 0.15;
/** Share of their usual orders that customers take to another store while their home store is closed. */
const ELSEWHERE = 0.3;

/** More than any customer id, so that day and id make one key. */
const MOST_CUSTOMERS = 2 ** 24;

/** Facts of a day that all stores share. */
export interface TradingDay {
  readonly day: number;
  /** `YYYY-MM-DD` and `YYYYMMDD`. */
  readonly text: Encoded;
  readonly digits: Encoded;
  /** `YYYY-MM-DDTHH:` in UTC, for each hour in Kyiv in which a store may be open. */
  readonly utcHours: readonly Encoded[];
  readonly weekend: boolean;
  readonly weekday: number;
  /** The number of its month, as in `monthOf`. */
  readonly month: number;
  /** Demand of the whole city, relative to an ordinary day: season and weather. */
  readonly city: number;
  /** How each store trades; undefined for one that is closed. */
  readonly shops: readonly (OpenShop | undefined)[];
  readonly menu: Menu;
  readonly payments: Choices;
  /** The promotion offered in each hour, as an index into `promotions`; -1 if there is none. */
  readonly offers: Int8Array;
}

/** A store on a day on which it is open. */
export interface OpenShop extends ShopDay {
  readonly hours: Hours;
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
    const weekend = weekday >= 5;
    const offers = offersOn(iso, weekday);
    return {
      day,
      text: encode(iso),
      digits: encode(iso.replaceAll("-", "")),
      utcHours: utcHoursOf(day, iso),
      weekend,
      weekday,
      month: monthOf(day),
      city: cityDemand(day, random),
      menu,
      payments,
      offers,
      shops: stores.map((_, i) => {
        const shop = shopDay(i, day);
        return shop && { ...shop, hours: hoursOf(i, shop, weekend, offers) };
      }),
    };
  };
}

function utcHoursOf(day: number, iso: string): Encoded[] {
  const offset = kyivOffsetHours(day);
  return Array.from({ length: 24 }, (_, hour) =>
    encode(`${iso}T${String(Math.max(0, hour - offset)).padStart(2, "0")}:`),
  );
}

/**
 * Returns a function that lists the ids of the registered customers who come to each store on a day, each at most once. A visit depends only
 * on seed, customer and day. The lists are valid until the next call.
 * @param from the first day that the function will be asked for
 */
export function registeredVisits(
  customers: readonly Customer[],
  seed: number,
  from: number,
): (on: TradingDay) => readonly (readonly number[])[] {
  const visits: number[][] = stores.map(() => []);
  const certain = new Map<number, Customer[]>();
  for (const customer of customers) {
    for (const day of certainVisits(customer)) {
      if (day >= from) certain.set(day, [...(certain.get(day) ?? []), customer]);
    }
  }
  const staying = customers.filter(({ life, leftOn }) => life !== "passing" && leftOn > from);
  // Columns for the processor's cache, see `Guests`.
  const column = (value: (customer: Customer) => number) => Int32Array.from(staying, value);
  const ids = column(({ id }) => id);
  const firstDays = column((customer) => customer.registeredOn + certainVisits(customer).length);
  const homes = column(({ homeStore }) => homeStore);
  const groups = column(({ homeStore, persona }) => homeStore * personas.length + persona);
  const leftOn = column((customer) => customer.leftOn);
  const pausedFrom = column((customer) => customer.pausedFrom);
  const pausedUntil = column((customer) => customer.pausedUntil);
  const fadingFrom = column((customer) => customer.fadingFrom);
  const rates = Float64Array.from(staying, ({ ordersADay }) => ordersADay);
  const random = new Random(seed, "coffee visits");
  const also = new Random(seed, "coffee second stores");
  return ({ day, weekday, city, shops }) => {
    for (const visitors of visits) visitors.length = 0;
    if (shops.every((shop) => shop === undefined)) return visits;
    for (const customer of certain.get(day) ?? []) (visits[customer.homeStore] as number[]).push(customer.id);
    const anyStore = choices(stores.map(({ ordersADay }, i) => (shops[i] === undefined ? 0 : ordersADay)));
    // The share of a customer's usual orders that the day brings, by home store and persona.
    const chances = shops.flatMap((shop) =>
      personas.map(({ weekdays }, persona) => {
        const today = shop === undefined ? ELSEWHERE : shop.demand * (shop.hours.volume[persona] as number);
        return (weekdays[weekday] as number) * city * today;
      }),
    );
    for (let i = 0; i < ids.length; i++) {
      if (day < (firstDays[i] as number)) continue;
      const id = ids[i] as number;
      const chance = (rates[i] as number) * (chances[groups[i] as number] as number);
      const key = day * MOST_CUSTOMERS + id;
      const luck = random.only(key);
      if (luck >= chance) continue;
      const life = {
        leftOn: leftOn[i] as number,
        pausedFrom: pausedFrom[i] as number,
        pausedUntil: pausedUntil[i] as number,
        fadingFrom: fadingFrom[i] as number,
      };
      if (luck >= chance * presence(life, day)) continue;
      const home = homes[i] as number;
      const roams = random.at(key).next() < ROAMING || shops[home] === undefined;
      const by = roams && random.next() >= BY_CHANCE ? also.at(id) : random;
      (visits[roams ? choose(by, anyStore) : home] as number[]).push(id);
    }
    return visits;
  };
}
