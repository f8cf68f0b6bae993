import { Random } from "../random.ts";
import type * as tables from "../tables/coffee.ts";
import type { Row } from "../tables/table.ts";
import { dayOf, isoDay } from "./calendar.ts";
import { dipOn, storeDemand } from "./demand.ts";
import { loyaltyLevels } from "./discounts.ts";
import { between, type Choices, choices, choose, exponential, normal } from "./draws.ts";
import { personas } from "./personas.ts";
import { FIRST_DAY } from "./shop-settings.ts";
import { stores } from "./stores.ts";

/** Registrations per anonymous order: about 500 customers by November 2026 at scale 1. */
const REGISTRATIONS_AN_ORDER = 0.0048;
/** A new store gets more registrations: this many times more on its first day, fading over some 90 days. */
const OPENING_RUSH = 2;

/** The loyalty levels above the lowest begin at these logarithms of a customer's orders a week, plus some luck. */
const levelBounds = [0.25, 0.85, 1.3, 1.8];
const LEVEL_LUCK = 0.45;

/** Share of customers who take a break and come back. Only long stays have a break. */
const BREAK_SHARE = 0.15;
const SHORTEST_STAY_WITH_BREAK = 120;

const acquisitionChannels = ["walk-in", "app", "friend", "promotion"] as const;
const byChannel = choices([0.45, 0.3, 0.15, 0.1]);
/** Customers who register in the app need not be in a store. All others order on the day they register. */
const APP = acquisitionChannels.indexOf("app");

const byPersona = choices(personas.map(({ share }) => share));

/** A registered customer in the model. Days are numbers, see calendar.ts. */
export interface Customer {
  readonly id: number;
  readonly registeredOn: number;
  /** First day on which the customer comes no more; may be after the last generated day. */
  readonly leftOn: number;
  /** The break, [from, to); both are 0 if there is none. */
  readonly awayFrom: number;
  readonly awayTo: number;
  /** Mean orders a day while a customer, in ordinary times. */
  readonly ordersADay: number;
  /** Indexes into the lists of personas, stores, loyalty levels and channels. */
  readonly persona: number;
  readonly homeStore: number;
  readonly level: number;
  readonly channel: number;
}

/**
 * The customers who registered until a day, in the order of registration, with ids from 1. A customer depends only on seed, scale
 * and id: a later day adds customers and changes none.
 */
export function registeredUntil(untilDay: number, { seed, scale }: { seed: number; scale: number }): Customer[] {
  const customers: Customer[] = [];
  const random = new Random(seed, "coffee customers");
  // A customer registers on the day when the expected number of registrations passes the id, give or take one.
  let threshold = random.at(1).next();
  let expected = 0;
  for (let day = dayOf(FIRST_DAY); day <= untilDay; day++) {
    const arrivals = storeArrivals(day);
    expected += arrivals.reduce((sum, mean) => sum + mean, 0) * scale;
    if (threshold >= expected) continue;
    const homes = choices(arrivals);
    while (threshold < expected) {
      customers.push(register(customers.length + 1, day, homes, random));
      threshold = customers.length + random.at(customers.length + 1).next();
    }
  }
  return customers;
}

function register(id: number, registeredOn: number, homes: Choices, random: Random): Customer {
  const persona = choose(random, byPersona);
  const { ordersAWeek, spread } = personas[persona] as (typeof personas)[number];
  const logRate = Math.log(ordersAWeek) + spread * normal(random);
  const score = logRate + LEVEL_LUCK * normal(random);
  const level = levelBounds.filter((bound) => score >= bound).length;
  const homeStore = choose(random, homes);
  const channel = choose(random, byChannel);

  const { meanStayDays } = loyaltyLevels[level] as (typeof loyaltyLevels)[number];
  const stay = 1 + Math.floor(exponential(random, meanStayDays));
  const takesBreak = random.next() < BREAK_SHARE && stay >= SHORTEST_STAY_WITH_BREAK;
  const breakDays = takesBreak ? between(random, 60, 300) : 0;
  const awayFrom = takesBreak ? registeredOn + between(random, 30, stay - 30) : 0;
  return {
    id,
    registeredOn,
    leftOn: registeredOn + stay + breakDays,
    awayFrom,
    awayTo: awayFrom + breakDays,
    ordersADay: Math.exp(logRate) / 7,
    persona,
    homeStore,
    level,
    channel,
  };
}

/** Mean registrations at each store on a day at scale 1; none before it opens. */
function storeArrivals(day: number): number[] {
  return stores.map((store) => {
    const rush = 1 + OPENING_RUSH * Math.exp(-(day - store.openedOn) / 90);
    return storeDemand(store, day) * rush * dipOn(day) * REGISTRATIONS_AN_ORDER;
  });
}

/** Whether a registered customer has not left by a day, and is not on a break. */
export function isActive({ leftOn, awayFrom, awayTo }: Customer, day: number): boolean {
  return day < leftOn && (day < awayFrom || day >= awayTo);
}

/** Whether the customer registers in a store on the day, and therefore orders on it. */
export function registersInStore({ registeredOn, channel }: Customer, day: number): boolean {
  return registeredOn === day && channel !== APP;
}

/** The rows of Customers.csv. */
export function* customerRows(customers: readonly Customer[], seed: number): Generator<Row<typeof tables.customers>> {
  const random = new Random(seed, "coffee customer profiles");
  for (const customer of customers) {
    random.at(customer.id);
    const { percent, tier } = loyaltyLevels[customer.level] as (typeof loyaltyLevels)[number];
    const registeredOn = isoDay(customer.registeredOn);
    const isStudent = personas[customer.persona]?.name === "Student";
    const age = isStudent ? between(random, 17, 25) : Math.min(80, Math.round(24 + exponential(random, 14)));
    yield {
      customer_id: customer.id,
      registration_date: registeredOn,
      level_of_discount: `${percent}%`,
      loyalty_tier: tier,
      acquisition_channel: acquisitionChannels[customer.channel] as string,
      home_store_id: customer.homeStore + 1,
      birth_year: Number(registeredOn.slice(0, 4)) - age,
      marketing_opt_in: random.next() < 0.3 + 0.1 * customer.level,
    };
  }
}

/** The rows of the ground truth, which Customers.csv does not reveal. */
export function* truthRows(
  customers: readonly Customer[],
  untilDay: number,
): Generator<Row<typeof tables.customerTruth>> {
  for (const { id, persona, ordersADay, leftOn } of customers) {
    yield {
      customer_id: id,
      persona: (personas[persona] as (typeof personas)[number]).name,
      orders_per_week: Number((ordersADay * 7).toFixed(3)),
      churned_on: leftOn <= untilDay ? isoDay(leftOn) : null,
    };
  }
}
