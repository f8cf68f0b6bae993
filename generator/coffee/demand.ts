import { normal, type Random } from "../random.ts";
import { dayOf, isoDay, weekdayOf } from "./calendar.ts";
import { FIRST_DAY } from "./shop-settings.ts";
import type { Store } from "./stores.ts";

const firstDay = dayOf(FIRST_DAY);

/** Demand by month, January first: people are away in summer and back in September. */
const months = [0.95, 0.97, 1, 1.03, 1.04, 1, 0.92, 0.91, 1.07, 1.08, 1.02, 1.01];

/** Demand by weekday, Monday first, before the store's own factor for weekends. */
const weekdays = [0.94, 0.97, 1, 1.02, 1.07, 1, 1];

const GROWTH_A_YEAR = 0.04;
/** The share of a store's demand that registered guests make up in the end. Half of it is reached some 600 days after the opening. */
const REGISTERED_AT_LAST = 0.68;
const REGISTERING_DAYS = 900;

/** Standard deviations of the day's luck: the weather, which the whole city shares, and the store's own. */
const CITY_LUCK = 0.12;
const STORE_LUCK = 0.1;
/** Weather persists: the share of a day's luck that comes from the day before, and the days after which none of it is left. */
const MEMORY = 0.65;
const REMEMBERED_DAYS = 12;

/** The whole city's demand on a day as a factor of about 1: the season and the luck of this day and the days before. */
export function cityDemand(day: number, random: Random): number {
  const month = months[Number(isoDay(day).slice(5, 7)) - 1] as number;
  let luck = 0;
  for (let ago = 0; ago < REMEMBERED_DAYS; ago++) luck += MEMORY ** ago * normal(random.at(day - ago));
  return month * factor(luck * Math.sqrt(1 - MEMORY ** 2), CITY_LUCK);
}

/** Mean number of orders at a store on a day without events, with ordinary luck and season; 0 before it opens. */
export function storeDemand(store: Store, day: number): number {
  if (day < store.openedOn) return 0;
  const weekday = weekdayOf(day);
  const known = 1 - 0.5 * Math.exp(-(day - store.openedOn) / 60);
  const grown = 1 + (GROWTH_A_YEAR * (day - firstDay)) / 365;
  return store.ordersADay * known * grown * (weekdays[weekday] as number) * (weekday >= 5 ? store.weekend : 1);
}

/** The share of a store's demand that is still anonymous: guests who register order as before, under their name. */
export function anonymousShare(store: Store, day: number): number {
  return 1 - REGISTERED_AT_LAST * (1 - Math.exp(-(day - store.openedOn) / REGISTERING_DAYS));
}

/** Draws the store's own luck on a day, a factor of about 1. */
export function storeLuck(random: Random): number {
  return factor(normal(random), STORE_LUCK);
}

/** Log-normal with mean 1, cut at two deviations: the weather alone makes no record day, about which a reader would ask what happened. */
function factor(normalValue: number, deviation: number): number {
  const deviations = Math.max(-2, Math.min(2, normalValue));
  return Math.exp(deviation * deviations - (deviation * deviation) / 2);
}
