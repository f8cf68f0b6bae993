import { type Random, weighted } from "../random.ts";
import { productsOf } from "./catalogue.ts";
import { type District, type Place, placeOf } from "./places.ts";
import { firstNames, lastNames, mailDomains, streets } from "./synthetic-values.ts";

/*
 * A user of the synthetic thelook and everything they ordered, which depend only on the random stream and the window of time.
 * Instants are seconds since 1970 in UTC.
 */

const DAY = 86_400;
const HOUR = 3_600;
const MINUTE = 60;

/** Days since 1970, both included. */
export interface Window {
  readonly first: number;
  readonly last: number;
}

/** A person. Names, streets and the like are positions in the lists of `synthetic-values.ts`. */
export interface Person {
  readonly firstName: number;
  readonly lastName: number;
  readonly mailDomain: number;
  readonly age: number;
  readonly gender: "F" | "M";
  readonly place: Place;
  readonly district: District;
  readonly cityMissing: boolean;
  readonly house: number;
  readonly street: number;
  readonly trafficSource: number;
  readonly createdAt: number;
  readonly orders: readonly Order[];
}

export interface Order {
  readonly status: number;
  readonly createdAt: number;
  readonly shippedAt: number | undefined;
  readonly deliveredAt: number | undefined;
  readonly returnedAt: number | undefined;
  readonly items: readonly Item[];
}

export interface Item {
  readonly product: number;
  readonly createdAt: number;
}

export const trafficSources = ["Search", "Organic", "Facebook", "Email", "Display"] as const;
export const statuses = ["Shipped", "Complete", "Processing", "Cancelled", "Returned"] as const;

const positions = (weights: readonly number[]) => weighted(weights.map((weight, index) => [index, weight] as const));
const trafficSource = positions([70, 15, 6, 5, 4]);
const status = positions([30, 25, 20, 15, 10]);
const orderCount = positions([20, 50, 20, 5, 5]);
const itemCount = positions([0, 70, 20, 5, 5]);

/** How uneven names are: with this, a quarter of 100,000 users share an address with somebody. */
const NAME_SKEW = 1.6;
const JOINED_LAST_WEEK = 0.025;

export function person(random: Random, window: Window): Person {
  const gender = random.next() < 0.5 ? "F" : "M";
  const firstName = skewed(random, firstNames[gender].length);
  const lastName = skewed(random, lastNames.length);
  const place = placeOf(random);
  const day = joined(random, window);
  // In the original, nobody registers or orders after 19 h, and all of a user's orders have the time of day of the registration.
  const time = random.below(19 * 60) * MINUTE;
  return {
    firstName,
    lastName,
    mailDomain: random.below(mailDomains.length),
    age: 12 + random.below(59),
    gender,
    place,
    district: place.district(random.below(place.districts)),
    cityMissing: random.next() < place.cityMissing,
    house: 1 + random.below(9_999),
    street: random.below(streets.length),
    trafficSource: trafficSource(random),
    createdAt: day * DAY + time,
    orders: repeat(orderCount(random), () => order(random, day, time, gender, window)),
  };
}

/** An order, on one of the days after that of the registration, all equally likely. */
function order(random: Random, joinedOn: number, time: number, gender: "F" | "M", { last }: Window): Order {
  const createdAt = (joinedOn + 1 + random.below(last - joinedOn)) * DAY + time;
  const outcome = status(random);
  const shipped = createdAt + random.below(3 * 1_440) * MINUTE;
  const delivered = shipped + random.below(5 * 1_440) * MINUTE;
  const returned = delivered + random.below(3 * 1_440) * MINUTE;
  const name = statuses[outcome];
  const sent = name === "Shipped" || name === "Complete" || name === "Returned";
  const count = itemCount(random);
  return {
    status: outcome,
    createdAt,
    shippedAt: sent ? shipped : undefined,
    deliveredAt: sent && name !== "Shipped" ? delivered : undefined,
    returnedAt: name === "Returned" ? returned : undefined,
    items: repeat(count, () => item(random, createdAt, count, gender)),
  };
}

/**
 * An item of an order with `count` items. As in the original, it enters the basket up to four hours before the order, and each item
 * of an order with several drifts by 0 to 4 days: 30 % of the items that were sent are "created" after they were shipped.
 */
function item(random: Random, orderedAt: number, count: number, gender: "F" | "M"): Item {
  const { first, count: products } = productsOf[gender];
  const product = first + random.below(products);
  const before = random.below(4 * HOUR);
  // The original's visitor clicks through the shop meanwhile, up to three minutes a click.
  const clicking = random.below(3 * MINUTE * (count === 1 ? 5 : 3 * count));
  const drift = count === 1 ? 0 : random.below(5) * DAY;
  return { product, createdAt: orderedAt - before + clicking + drift };
}

/** The day of a registration: at least one day before the last, so that there is a day to order on. */
function joined(random: Random, { first, last }: Window): number {
  const from = random.next() < JOINED_LAST_WEEK ? Math.max(first, last - 7) : first;
  return from + random.below(last - from);
}

/** Much faster than Array.from for a handful of values. */
function repeat<T>(count: number, make: () => T): T[] {
  const made: T[] = [];
  for (let time = 0; time < count; time++) made.push(make());
  return made;
}

function skewed(random: Random, count: number): number {
  return Math.floor(count * random.next() ** NAME_SKEW);
}
