import type { Random } from "../random.ts";
import { isoDay } from "./calendar.ts";
import { type Choices, choices, choose } from "./draws.ts";
import { type Product, popularityOn, products } from "./menu.ts";
import { paymentMethods } from "./receipt.ts";
import { hoursOf } from "./shop-days.ts";
import { stores } from "./stores.ts";

/** The favourites and habits of a registered customer. */
export interface Taste {
  /** Indexes of the favourite drink and of the favourite thing to eat. */
  readonly drink: number;
  readonly bite: number;
  /** The usual hour on workdays and at weekends. */
  readonly workdayHour: number;
  readonly weekendHour: number;
  /** Index of the usual payment method. */
  readonly payment: number;
}

/** Share of the drinks, and of the things to eat, for which the customer takes the favourite without looking at the menu. */
export const FAVOURITE = 0.38;
/** Share of the visits in the usual hour, and of the orders paid in the usual way, in addition to those by chance. */
export const USUAL_HOUR = 0.55;
export const USUAL_PAYMENT = 0.85;

/** How much more popular pastry is than savory food. */
const PASTRY = 1.6;

/** How customers of one age group pay, and how much they use the app. */
export interface AgeGroup {
  /** Factors on the average shares of those who usually pay in cash or by e-wallet. */
  readonly cash: number;
  readonly eWallet: number;
  /** Factor on `APP_SKEW`: above 1, customers use the app less than the average. */
  readonly avoidsApp: number;
}

const young: AgeGroup = { cash: 0.6, eWallet: 1.5, avoidsApp: 0.8 };
const middle: AgeGroup = { cash: 1, eWallet: 0.9, avoidsApp: 1 };
const old: AgeGroup = { cash: 2.6, eWallet: 0.3, avoidsApp: 3 };
const ageGroups = [young, middle, old] as const;

/** The group of an age in years. */
export function ageGroupOf(age: number): AgeGroup {
  return age < 30 ? young : age < 60 ? middle : old;
}

/** Returns a function that draws the taste of a customer who registers on a day. It keeps what changes by year only. */
export function tastes() {
  let year = "";
  let drinks: Choices;
  let bites: Choices;
  let payments: ReadonlyMap<AgeGroup, Choices>;
  return (random: Random, persona: number, homeStore: number, day: number, group: AgeGroup): Taste => {
    const iso = isoDay(day);
    if (year !== iso.slice(0, 4)) {
      year = iso.slice(0, 4);
      const popular = (weight: (product: Product) => number) =>
        choices(products.map((product) => weight(product) * popularityOn(product, day)));
      drinks = popular(({ category }) => (category === "Beverage" ? 1 : 0));
      bites = popular(({ category }) => (category === "Beverage" ? 0 : category === "Pastry" ? PASTRY : 1));
      payments = new Map(ageGroups.map((each) => [each, paymentsIn(Number(year), each)]));
    }
    const hours = usualHours[homeStore] as (typeof usualHours)[number];
    return {
      drink: choose(random, drinks),
      bite: choose(random, bites),
      workdayHour: choose(random, hours.workday[persona] as Choices),
      weekendHour: choose(random, hours.weekend[persona] as Choices),
      payment: choose(random, payments.get(group) as Choices),
    };
  };
}

const noOffers = new Int8Array(24).fill(-1);

/** The hours of an ordinary day, by store and guest. */
const usualHours = stores.map(({ opensAt, closesAt }, i) => {
  const hours = (weekend: boolean) => hoursOf(i, { opensAt, closesAt }, weekend, noOffers).byGuest;
  return { workday: hours(false), weekend: hours(true) };
});

/**
 * Choice of the payment method in a year, by index in `paymentMethods`. Cash loses share to the e-wallet every year.
 * @param group the guests' ages; guests of all ages if left out
 */
export function paymentsIn(
  year: number,
  { cash, eWallet }: Pick<AgeGroup, "cash" | "eWallet"> = { cash: 1, eWallet: 1 },
): Choices {
  const years = Math.min(year - 2022, 8);
  const [byCash, byWallet] = [cash * (0.24 - 0.025 * years), eWallet * (0.14 + 0.025 * years)];
  const shares = { card: 1 - byCash - byWallet, cash: byCash, "e-wallet": byWallet };
  return choices(paymentMethods.map((method) => shares[method]));
}
