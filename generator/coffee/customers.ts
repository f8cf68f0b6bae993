import { normal, Random } from "../random.ts";
import type * as tables from "../tables/coffee.ts";
import type { Row } from "../tables/table.ts";
import { dayOf, isoDay, monthOf, weekdayOf } from "./calendar.ts";
import { storeDemand } from "./demand.ts";
import { isCampaign, loyaltyLevels } from "./discounts.ts";
import { type Choices, choices, choose, exponential } from "./draws.ts";
import { type Life, passingLife, stayingLife } from "./lives.ts";
import { PASSER_BY, personas } from "./personas.ts";
import { shopDay } from "./shop-days.ts";
import { FIRST_DAY } from "./shop-settings.ts";
import { stores } from "./stores.ts";
import { ageGroupOf, type Taste, tastes } from "./tastes.ts";

/** Registrations per order of ordinary demand: about 1,100 customers by November 2026 at scale 1. */
const REGISTRATIONS_AN_ORDER = 0.0035;
/** The loyalty programme grows: yearly increase of registrations per order, as a fraction of the first year's. */
const PROGRAMME_GROWTH_A_YEAR = 0.3;
/** A new store gets more registrations: this factor on its first day, which fades over some 90 days. */
const OPENING_RUSH = 2;

/** Where the loyalty levels above the lowest begin: a customer's score is the logarithm of the orders a week, plus some luck. */
const levelBounds = [0.25, 0.85, 1.3, 1.8];
/** The standard deviation of that luck. */
const LEVEL_LUCK = 0.45;

const acquisitionChannels = ["walk-in", "app", "friend", "promotion"] as const;
/** The channels on days of a campaign and on other days, on which no promotion can bring anybody. */
const byChannel = { campaign: choices([0.32, 0.21, 0.11, 0.36]), otherwise: choices([0.5, 0.33, 0.17, 0]) };
/** The share of passing customers, by channel: a friend's word brings those who stay, a promotion those who look for bargains. */
const passingShares = [0.37, 0.37, 0.24, 0.56];
/** Customers who register in the app need not be in a store. All others order on the day they register. */
const APP = acquisitionChannels.indexOf("app");
/** The highest share of a customer's orders that come in the app, in percent. */
const MOST_IN_APP = 97;
/** How unequal customers are in this: the higher, the fewer use the app. */
const APP_SKEW = { registeredInApp: 0.45, otherwise: 1.8 };

const firstDay = dayOf(FIRST_DAY);
const byPersona = choices(personas.map(({ share }) => share));

/** A registered customer in the model. Days are numbers, see calendar.ts. */
export interface Customer extends Life, Taste {
  readonly id: number;
  readonly registeredOn: number;
  /** Mean orders a day in ordinary times, while the customer stays. */
  readonly ordersADay: number;
  /** Indexes into the lists of personas, stores, loyalty levels and channels. `level` is the highest that the customer reaches, see `levelIn`. */
  readonly persona: number;
  readonly homeStore: number;
  readonly level: number;
  readonly channel: number;
  /** The share of the orders placed in the app, in percent. */
  readonly inApp: number;
  readonly birthYear: number;
  readonly marketingOptIn: boolean;
}

/**
 * The customers who registered until a day, in the order of registration, with ids from 1. A customer depends only on seed, scale
 * and id: a later day adds customers and changes none.
 */
export function registeredUntil(untilDay: number, { seed, scale }: { seed: number; scale: number }): Customer[] {
  const customers: Customer[] = [];
  const random = new Random(seed, "coffee customers");
  const profiles = new Random(seed, "coffee customer profiles");
  const tasteOf = tastes();
  // A customer registers on the day when the expected number of registrations passes the id, plus or minus one.
  let threshold = random.at(1).next();
  let expected = 0;
  for (let day = firstDay; day <= untilDay; day++) {
    const arrivals = storeArrivals(day);
    expected += arrivals.reduce((sum, mean) => sum + mean, 0) * scale;
    if (threshold >= expected) continue;
    const homes = choices(arrivals);
    const channels = isCampaign(isoDay(day), weekdayOf(day)) ? byChannel.campaign : byChannel.otherwise;
    while (threshold < expected) {
      const id = customers.length + 1;
      customers.push(register(id, day, homes, channels, random, profiles.at(id), tasteOf));
      threshold = customers.length + random.at(customers.length + 1).next();
    }
  }
  return customers;
}

function register(
  id: number,
  registeredOn: number,
  homes: Choices,
  channels: Choices,
  random: Random,
  profile: Random,
  tasteOf: ReturnType<typeof tastes>,
): Customer {
  const persona = choose(random, byPersona);
  const { ordersAWeek, spread, ages } = personas[persona] as (typeof personas)[number];
  const logRate = Math.log(ordersAWeek) + spread * normal(random);
  const score = logRate + LEVEL_LUCK * normal(random);
  const homeStore = choose(random, homes);
  const channel = choose(random, channels);
  const passing = random.next() < (passingShares[channel] as number);
  // Passing customers' level is the lowest.
  const level = passing ? 0 : levelBounds.filter((bound) => score >= bound).length;
  const [least, most, above] = ages;
  const age = least + Math.floor(exponential(profile, above) % (most - least + 1));
  const group = ageGroupOf(age);
  const skew = channel === APP ? APP_SKEW.registeredInApp : APP_SKEW.otherwise;
  return {
    id,
    registeredOn,
    ordersADay: Math.exp(logRate) / 7,
    persona,
    homeStore,
    level,
    channel,
    ...(passing
      ? passingLife(random, registeredOn, homeStore, channel === APP)
      : stayingLife(random, registeredOn, level)),
    ...tasteOf(random, persona, homeStore, registeredOn, group),
    inApp: Math.round(MOST_IN_APP * random.next() ** (skew * group.avoidsApp)),
    birthYear: Number(isoDay(registeredOn).slice(0, 4)) - age,
    marketingOptIn: profile.next() < 0.3 + 0.1 * level,
  };
}

/**
 * A customer's loyalty level in a month: everybody begins with the lowest, and rises by one on the first of each month up to the level
 * that fits how often they come. `registered` and `month` as in `monthOf`.
 */
export function levelIn(month: number, level: number, registered: number): number {
  return Math.min(level, month - registered);
}

/** Mean registrations at each store on a day at scale 1; none before it opens or while it is closed. */
function storeArrivals(day: number): number[] {
  return stores.map((store, i) => {
    const rush = 1 + OPENING_RUSH * Math.exp(-(day - store.openedOn) / 90);
    const spread = 1 + (PROGRAMME_GROWTH_A_YEAR * (day - firstDay)) / 365;
    return storeDemand(store, day) * rush * (shopDay(i, day)?.demand ?? 0) * spread * REGISTRATIONS_AN_ORDER;
  });
}

/** The days on which a customer comes for certain: a passing one's visits, and the day on which a staying one registers in the store. */
export function certainVisits({ life, visits, registeredOn, channel }: Customer): readonly number[] {
  if (life === "passing") return visits;
  return channel === APP ? [] : [registeredOn];
}

/**
 * The facts of a guest that an order needs, in columns by customer id; 0 stands for an anonymous guest. The customers of a large chain fit
 * the processor's cache as columns, and not as objects.
 */
export interface Guests {
  /** Indexes into `guests` of personas.ts, `products` and `paymentMethods`. */
  readonly persona: Uint8Array;
  readonly drink: Uint8Array;
  readonly bite: Uint8Array;
  readonly payment: Uint8Array;
  /** In percent. */
  readonly inApp: Uint8Array;
  readonly workdayHour: Uint8Array;
  readonly weekendHour: Uint8Array;
  /** The highest level, and the month of registration, for `levelIn`. */
  readonly level: Uint8Array;
  readonly registeredIn: Uint16Array;
}

export function guestColumns(customers: readonly Customer[]): Guests {
  const fill = <Column extends Uint8Array | Uint16Array>(values: Column, value: (customer: Customer) => number) => {
    for (const customer of customers) values[customer.id] = value(customer);
    return values;
  };
  const column = (passerBy: number, value: (customer: Customer) => number) =>
    fill(new Uint8Array(customers.length + 1).fill(passerBy, 0, 1), value);
  return {
    persona: column(PASSER_BY, ({ persona }) => persona),
    drink: column(0, ({ drink }) => drink),
    bite: column(0, ({ bite }) => bite),
    payment: column(0, ({ payment }) => payment),
    inApp: column(0, ({ inApp }) => inApp),
    workdayHour: column(0, ({ workdayHour }) => workdayHour),
    weekendHour: column(0, ({ weekendHour }) => weekendHour),
    level: column(0, ({ level }) => level),
    registeredIn: fill(new Uint16Array(customers.length + 1), ({ registeredOn }) => monthOf(registeredOn)),
  };
}

/** The rows of Customers.csv, with the loyalty levels of a day. Those who left keep their last one. */
export function* customerRows(
  customers: readonly Customer[],
  untilDay: number,
): Generator<Row<typeof tables.customers>> {
  for (const customer of customers) {
    const month = monthOf(Math.min(untilDay, customer.leftOn));
    const level = levelIn(month, customer.level, monthOf(customer.registeredOn));
    const { percent, tier } = loyaltyLevels[level] as (typeof loyaltyLevels)[number];
    yield {
      customer_id: customer.id,
      registration_date: isoDay(customer.registeredOn),
      level_of_discount: `${percent}%`,
      loyalty_tier: tier,
      acquisition_channel: acquisitionChannels[customer.channel] as string,
      home_store_id: customer.homeStore + 1,
      birth_year: customer.birthYear,
      marketing_opt_in: customer.marketingOptIn,
    };
  }
}

/** The rows of the ground truth, which Customers.csv does not reveal. Nothing in it is later than the given day. */
export function* truthRows(
  customers: readonly Customer[],
  untilDay: number,
): Generator<Row<typeof tables.customerTruth>> {
  const past = (day: number): string | null => (day > 0 && day <= untilDay ? isoDay(day) : null);
  for (const { id, persona, life, ordersADay, fadingFrom, pausedFrom, pausedUntil, leftOn } of customers) {
    yield {
      customer_id: id,
      persona: (personas[persona] as (typeof personas)[number]).name,
      life,
      orders_per_week: life === "passing" ? null : Math.round(ordersADay * 7000) / 1000,
      fading_from: past(fadingFrom),
      paused_from: past(pausedFrom),
      paused_until: past(pausedUntil),
      churned_on: past(leftOn),
    };
  }
}
