import { promotions } from "./discounts.ts";
import { type Choices, choices } from "./draws.ts";
import { events, type ShopEvent } from "./events.ts";
import { guests, hourWeights } from "./personas.ts";
import { stores } from "./stores.ts";

/** How a store trades on a day. */
export interface ShopDay {
  readonly opensAt: number;
  readonly closesAt: number;
  /** Demand relative to an ordinary day: the effect of the day's events, apart from shorter hours and promotions. */
  readonly demand: number;
  /** The mobile networks are down. */
  readonly offline: boolean;
}

const eventsByDay = new Map<number, ShopEvent[]>();
for (const event of events) {
  for (let day = event.from; day <= event.to; day++) {
    const others = eventsByDay.get(day);
    if (others === undefined) eventsByDay.set(day, [event]);
    else others.push(event);
  }
}

/** How a store trades on a day; undefined before its opening and when an event closes it. */
export function shopDay(storeIndex: number, day: number): ShopDay | undefined {
  const store = stores[storeIndex] as (typeof stores)[number];
  if (day < store.openedOn) return undefined;
  let { opensAt, closesAt } = store;
  let demand = 1;
  let offline = false;
  for (const event of eventsByDay.get(day) ?? []) {
    if (event.store !== undefined && event.store !== storeIndex) continue;
    if (event.closed) return undefined;
    offline ||= event.offline ?? false;
    opensAt = Math.max(opensAt, event.opensAt ?? 0);
    closesAt = Math.min(closesAt, event.closesAt ?? 24);
    // A promotion may have hours of its own, see `hoursOf`.
    if (event.kind !== "promotion") demand *= event.demand ?? 1;
  }
  return { opensAt, closesAt, demand, offline };
}

/** When guests come, by their index in `guests`. */
export interface Hours {
  readonly byGuest: readonly Choices[];
  /** Demand relative to a day with the usual hours and no promotion. */
  readonly volume: readonly number[];
}

const known = new Map<string, Hours>();

/**
 * When guests come to a store on a day with the given hours and promotions. Guests who would come outside the hours stay away, and a
 * promotion brings more in its hours.
 * @param offers the promotion in each hour, as an index into `promotions`; -1 if there is none
 */
export function hoursOf(
  storeIndex: number,
  { opensAt, closesAt }: Pick<ShopDay, "opensAt" | "closesAt">,
  weekend: boolean,
  offers: Int8Array,
): Hours {
  const key = `${storeIndex} ${opensAt} ${closesAt} ${weekend} ${offers}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const usual = stores[storeIndex] as (typeof stores)[number];
  const weights = guests.map((guest) => {
    const all = hourWeights(guest, weekend).map((weight, hour) =>
      hour >= usual.opensAt && hour < usual.closesAt ? weight : 0,
    );
    const today = all.map((weight, hour) =>
      hour >= opensAt && hour < closesAt ? weight * (promotions[offers[hour] as number]?.lift ?? 1) : 0,
    );
    return { all, today };
  });
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const hours = {
    byGuest: weights.map(({ today }) => choices(today)),
    volume: weights.map(({ all, today }) => sum(today) / sum(all)),
  };
  known.set(key, hours);
  return hours;
}
