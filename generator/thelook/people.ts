import { type Random, weighted } from "../random.ts";
import { countries, firstNames, lastNames, mailDomains, priceOf, productCount, streets } from "./synthetic-values.ts";

/*
 * A user of the synthetic thelook and everything they ordered, which depend only on the random stream and the window of time.
 * Instants are seconds since 1970 in UTC.
 */

const DAY = 86_400;
const HOUR = 3_600;

export interface Window {
  readonly from: number;
  /** The first instant after the window. */
  readonly to: number;
}

export interface Person {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly age: number;
  readonly gender: "F" | "M";
  readonly state: string;
  readonly streetAddress: string;
  readonly postalCode: string;
  readonly city: string;
  readonly country: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly trafficSource: string;
  readonly createdAt: number;
  readonly orders: readonly Order[];
}

export interface Order {
  readonly status: string;
  readonly createdAt: number;
  readonly shippedAt: number | undefined;
  readonly deliveredAt: number | undefined;
  readonly returnedAt: number | undefined;
  readonly itemCount: number;
  /** `itemCount` items, or none for an order whose items are missing. */
  readonly items: readonly Item[];
}

export interface Item {
  readonly product: number;
  readonly price: number;
  readonly createdAt: number;
}

const country = weighted(countries.map((of) => [of, of.users] as const));
const trafficSource = weighted([
  ["Search", 70],
  ["Organic", 15],
  ["Facebook", 6],
  ["Email", 5],
  ["Display", 4],
]);
const orderCount = weighted([
  [0, 20],
  [1, 50],
  [2, 20],
  [3, 5],
  [4, 5],
]);
const itemCount = weighted([
  [1, 70],
  [2, 20],
  [3, 5],
  [4, 5],
]);
const status = weighted([
  ["Shipped", 30],
  ["Complete", 25],
  ["Processing", 20],
  ["Cancelled", 15],
  ["Returned", 10],
]);

/** How uneven names are: with this, a quarter of 100,000 users share an address with somebody. */
const NAME_SKEW = 1.6;
const CITY_MISSING = 0.03;
const JOINED_LAST_WEEK = 0.025;
const ITEMS_MISSING = 0.005;

const lowerFirst = { F: firstNames.F.map(lower), M: firstNames.M.map(lower) };
const lowerLast = lastNames.map(lower);

export function person(random: Random, window: Window): Person {
  const gender = random.next() < 0.5 ? "F" : "M";
  const first = skewed(random, firstNames[gender].length);
  const last = skewed(random, lastNames.length);
  const { country: name, places } = country(random);
  const home = random.pick(places);
  const createdAt = minute(joined(random, window));
  return {
    firstName: firstNames[gender][first] as string,
    lastName: lastNames[last] as string,
    email: `${lowerFirst[gender][first]}${lowerLast[last]}@${random.pick(mailDomains)}`,
    age: 12 + random.below(59),
    gender,
    state: home.state,
    streetAddress: `${1 + random.below(9_999)} ${random.pick(streets)}`,
    postalCode: home.postalCode,
    city: random.next() < CITY_MISSING ? "null" : home.city,
    country: name,
    latitude: home.latitude,
    longitude: home.longitude,
    trafficSource: trafficSource(random),
    createdAt,
    orders: Array.from({ length: orderCount(random) }, () => order(random, createdAt, window)),
  };
}

function order(random: Random, notBefore: number, { to }: Window): Order {
  const createdAt = minute(notBefore + random.next() * (to - notBefore));
  const outcome = status(random);
  const shipped = minute(createdAt + random.next() * 3 * DAY);
  const delivered = minute(shipped + random.next() * 5 * DAY);
  const returned = minute(delivered + random.next() * 3 * DAY);
  const sent = outcome === "Shipped" || outcome === "Complete" || outcome === "Returned";
  const count = itemCount(random);
  const missing = random.next() < ITEMS_MISSING;
  return {
    status: outcome,
    createdAt,
    shippedAt: sent ? shipped : undefined,
    deliveredAt: sent && outcome !== "Shipped" ? delivered : undefined,
    returnedAt: outcome === "Returned" ? returned : undefined,
    itemCount: count,
    items: missing ? [] : Array.from({ length: count }, (_, place) => item(random, createdAt, place)),
  };
}

/**
 * The first item enters the basket up to four hours before the order. Later ones drift by up to 32 hours each, as in the original.
 */
function item(random: Random, orderedAt: number, place: number): Item {
  const product = 1 + random.below(productCount);
  const drift = random.next() * 32 * HOUR * place - random.next() * 4 * HOUR;
  return { product, price: priceOf(product), createdAt: Math.floor(orderedAt + drift) };
}

function joined(random: Random, { from, to }: Window): number {
  const start = random.next() < JOINED_LAST_WEEK ? Math.max(from, to - 7 * DAY) : from;
  return start + random.next() * (to - start);
}

function minute(instant: number): number {
  return Math.floor(instant / 60) * 60;
}

function skewed(random: Random, count: number): number {
  return Math.floor(count * random.next() ** NAME_SKEW);
}

function lower(name: string): string {
  return name.toLowerCase();
}
