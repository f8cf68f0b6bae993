import type { Random } from "../random.ts";
import { loyaltyLevels } from "./discounts.ts";
import { between, exponential } from "./draws.ts";
import { shopDay } from "./shop-days.ts";

/**
 * How customers come and go. Regular ones come at one rate until they leave. Passing ones come once or twice. Pausing ones stay away
 * for months and return. Fading ones come less and less often before they leave.
 */
type LifeName = "regular" | "passing" | "pausing" | "fading";

/** A customer's life with the chain. Days are numbers, see calendar.ts; 0 stands for never. */
export interface Life {
  readonly life: LifeName;
  /** First day after the customer's last possible visit; may be after the last generated day. */
  readonly leftOn: number;
  /** The pause, [from, until). */
  readonly pausedFrom: number;
  readonly pausedUntil: number;
  /** First day of fading, which lasts until the customer leaves. */
  readonly fadingFrom: number;
  /** The one or two visits of a passing customer. */
  readonly visits: readonly number[];
}

const PASSING_TWICE = 0.25;
/** Shares of those who stay for at least `LONG_STAY` days. */
const PAUSING = 0.5;
const FADING = 0.3;
const LONG_STAY = 120;
/** The share of the usual rate that is left on a fading customer's last day. */
const FADED = 0.15;

/**
 * The life of a passing customer: a visit on the day of registration, or within days of it for those who registered at home, and
 * sometimes a second one within two months. On days when the home store is closed the customer comes later.
 */
export function passingLife(random: Random, registeredOn: number, homeStore: number, atHome: boolean): Life {
  const open = (day: number): number => (shopDay(homeStore, day) === undefined ? open(day + 1) : day);
  const first = open(registeredOn + (atHome ? between(random, 0, 6) : 0));
  const twice = random.next() < PASSING_TWICE;
  const second = open(first + between(random, 1, 60));
  const visits = twice ? [first, second] : [first];
  return {
    life: "passing",
    leftOn: (visits.at(-1) as number) + 1,
    pausedFrom: 0,
    pausedUntil: 0,
    fadingFrom: 0,
    visits,
  };
}

/** The life of a customer who stays for longer, by loyalty level. */
export function stayingLife(random: Random, registeredOn: number, level: number): Life {
  const { meanStayDays } = loyaltyLevels[level] as (typeof loyaltyLevels)[number];
  const stay = 1 + Math.floor(exponential(random, meanStayDays));
  const point = random.next();
  const life = stay < LONG_STAY || point >= PAUSING + FADING ? "regular" : point < PAUSING ? "pausing" : "fading";
  const pause = between(random, 70, 600);
  const pausedFrom = life === "pausing" ? registeredOn + between(random, 30, stay - 30) : 0;
  const leftOn = registeredOn + stay + (life === "pausing" ? pause : 0);
  return {
    life,
    leftOn,
    pausedFrom,
    pausedUntil: life === "pausing" ? pausedFrom + pause : 0,
    fadingFrom: life === "fading" ? leftOn - Math.min(between(random, 60, 180), stay) : 0,
    visits: [],
  };
}

/** A staying customer's rate on a day, relative to the usual one: 0 after leaving and during a pause, and less and less while fading. */
export function presence(
  { leftOn, pausedFrom, pausedUntil, fadingFrom }: Omit<Life, "life" | "visits">,
  day: number,
): number {
  if (day >= leftOn || (day >= pausedFrom && day < pausedUntil)) return 0;
  if (fadingFrom === 0 || day < fadingFrom) return 1;
  return 1 - (1 - FADED) * ((day - fadingFrom) / (leftOn - fadingFrom));
}
