import { dayAt, monthAt, monthNumber } from "./days.ts";
import { type Filter, type Selection, select } from "./filter.ts";
import type { CustomerMonths, Customers, CustomersData, Trade, VisitGaps } from "./shape.ts";

/** Sums over customers. Money in kopiykas. */
export interface CustomerTotals {
  customers: number;
  orders: number;
  refunded: number;
  ltv: number;
  marginLtv: number;
  /** Customers with more than one order. */
  repeat: number;
  churned: number;
  /** What the churned ones brought. */
  churnedLtv: number;
  /** Customers whose last order is among the last 7, 30 and 90 days. */
  active7: number;
  active30: number;
  active90: number;
  /** Churned although seen in the last 90 days: they left lately. */
  leftLately: number;
  leftLatelyLtv: number;
}

/** Customers that share a word: a segment, a level, a channel. */
export interface CustomerGroup extends CustomerTotals {
  readonly name: string;
}

/** Customers who registered in one month. */
export interface Cohort {
  /** First day of the month. */
  readonly month: string;
  readonly customers: number;
  /** By whole months since registration that have passed: the share of the customers who ordered in that month. */
  readonly retention: readonly number[];
}

/** What customers who registered in one year have brought, on average, by months since registration. */
export interface ValueCurve {
  readonly year: string;
  readonly customers: number;
  readonly points: readonly { readonly month: number; readonly value: number }[];
}

export interface CustomersSummary {
  readonly totals: CustomerTotals;
  /** Registered in the same selection, and never ordered; 0 where order types are chosen, since those have none. */
  readonly silent: number;
  readonly segments: readonly CustomerGroup[];
  /** The grid of scores, `grid[(r - 1) * 5 + f - 1]`, named by segment. */
  readonly grid: readonly CustomerGroup[];
  readonly levels: readonly CustomerGroup[];
  readonly channels: readonly CustomerGroup[];
  /** Lifetime values and ages in days, ascending. */
  readonly ltvs: Float64Array;
  readonly ages: Float64Array;
  /** Median days between visits of customers who have two, ascending. */
  readonly medianGaps: Float64Array;
  readonly cohorts: readonly Cohort[];
  readonly values: readonly ValueCurve[];
  /** By place in the buckets: how many gaps are that long. */
  readonly gaps: Float64Array;
  /** Churned customers by the month of their last order, from the first such month to the last. */
  readonly leftByMonth: readonly { readonly month: string; readonly customers: number; readonly ltv: number }[];
}

/** Figures of the customers whom the filter keeps: by day of registration, home store and main order type. */
export function summariseCustomers(
  customers: Customers,
  { months, gaps }: Pick<CustomersData, "months" | "gaps">,
  filter: Filter,
): CustomersSummary {
  const { profiles, silent } = customers;
  const selection = select(filter, customers);
  const kept = keptProfiles(customers, selection);
  const totals = nothing();
  const segments = customers.segments.map(({ name }) => ({ name, ...nothing() }));
  const grid = customers.segmentOf.map((segment) => ({ name: customers.segments[segment]?.name ?? "", ...nothing() }));
  const levels = customers.levels.map(({ name }) => ({ name, ...nothing() }));
  const channels = customers.channels.map((name) => ({ name, ...nothing() }));
  const left = new Map<number, { customers: number; ltv: number }>();
  const medianGaps = [];
  for (const i of kept) {
    const cell = (at(profiles.r, i) - 1) * 5 + at(profiles.f, i) - 1;
    const groups = [
      totals,
      segments[at(customers.segmentOf, cell)],
      grid[cell],
      levels[at(profiles.level, i)],
      channels[at(profiles.channel, i)],
    ];
    for (const group of groups) if (group !== undefined) add(group, customers, i);
    if (at(profiles.medianGapTimes2, i) >= 0) medianGaps.push(at(profiles.medianGapTimes2, i) / 2);
    if (at(profiles.churned, i) === 0) continue;
    const month = monthNumber(dayAt(customers.days.first, customers.days.count - 1 - at(profiles.recency, i)));
    const sums = left.get(month) ?? { customers: 0, ltv: 0 };
    left.set(month, { customers: sums.customers + 1, ltv: sums.ltv + at(profiles.ltv, i) });
  }
  const ages = kept.map((i) => customers.days.count - 1 - at(profiles.registered, i));
  const cohorts = cohortsOf(customers, kept);
  return {
    totals,
    silent: silent.registered.filter((day, i) => {
      if (filter.orderTypes.length > 0) return false;
      return day >= selection.from && day <= selection.to && selection.stores[at(silent.store, i)] === 1;
    }).length,
    segments,
    grid,
    levels,
    channels,
    ltvs: Float64Array.from(kept, (i) => at(profiles.ltv, i)).sort(),
    ages: Float64Array.from(ages).sort(),
    medianGaps: Float64Array.from(medianGaps).sort(),
    cohorts: months === undefined ? [] : retentionOf(cohorts, months),
    values: months === undefined ? [] : valuesOf(cohorts, months),
    gaps: gaps === undefined ? new Float64Array() : gapsOf(gaps, kept),
    leftByMonth: everyMonth(left),
  };
}

/** Value below which so large a part of the ascending values lies, between two of them where need be. */
export function quantile(ascending: Float64Array, part: number): number {
  const place = (ascending.length - 1) * part;
  const low = ascending[Math.floor(place)] ?? Number.NaN;
  const high = ascending[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/** The part that the highest tenth of the ascending values has of their sum; of fewer than ten values, the highest one. */
export function topTenthShare(ascending: Float64Array): number {
  const sum = ascending.reduce((total, value) => total + value, 0);
  const top = ascending.slice(-Math.max(1, Math.round(ascending.length / 10)));
  return top.reduce((total, value) => total + value, 0) / sum;
}

const at = (column: readonly number[], i: number) => column[i] as number;

function nothing(): CustomerTotals {
  const money = { ltv: 0, marginLtv: 0, churnedLtv: 0, leftLatelyLtv: 0 };
  const people = { customers: 0, repeat: 0, churned: 0, active7: 0, active30: 0, active90: 0, leftLately: 0 };
  return { ...people, ...money, orders: 0, refunded: 0 };
}

function add(into: CustomerTotals, { profiles }: Customers, i: number): void {
  const ltv = at(profiles.ltv, i);
  const recency = at(profiles.recency, i);
  const churned = at(profiles.churned, i);
  const lately = churned === 1 && recency < 90 ? 1 : 0;
  into.customers += 1;
  into.orders += at(profiles.orders, i);
  into.refunded += at(profiles.refundedOrders, i);
  into.ltv += ltv;
  into.marginLtv += at(profiles.marginLtv, i);
  into.repeat += at(profiles.orders, i) > 1 ? 1 : 0;
  into.churned += churned;
  into.churnedLtv += churned * ltv;
  into.active7 += recency < 7 ? 1 : 0;
  into.active30 += recency < 30 ? 1 : 0;
  into.active90 += recency < 90 ? 1 : 0;
  into.leftLately += lately;
  into.leftLatelyLtv += lately * ltv;
}

function keptProfiles({ profiles }: Customers, selection: Selection): number[] {
  const kept = [];
  for (let i = 0; i < profiles.registered.length; i++) {
    const day = at(profiles.registered, i);
    if (day < selection.from || day > selection.to) continue;
    if (selection.stores[at(profiles.store, i)] !== 1 || selection.orderTypes[at(profiles.orderType, i)] !== 1)
      continue;
    kept.push(i);
  }
  return kept;
}

interface Cohorts {
  /** By `monthNumber` of registration: how many customers. */
  readonly sizes: ReadonlyMap<number, number>;
  /** By place in the profiles: that month; undefined for those whom the filter leaves out. */
  readonly monthOf: readonly (number | undefined)[];
  /** The last month that is over. */
  readonly last: number;
}

function cohortsOf({ days, profiles }: Customers, kept: readonly number[]): Cohorts {
  const monthOf: (number | undefined)[] = profiles.registered.map(() => undefined);
  const sizes = new Map<number, number>();
  for (const i of kept) {
    const month = monthNumber(dayAt(days.first, at(profiles.registered, i)));
    monthOf[i] = month;
    sizes.set(month, (sizes.get(month) ?? 0) + 1);
  }
  // The day after the last one: where it begins a month, the last day's month is over.
  return {
    sizes: new Map([...sizes].sort(([a], [b]) => a - b)),
    monthOf,
    last: monthNumber(dayAt(days.first, days.count)) - 1,
  };
}

function retentionOf({ sizes, monthOf, last }: Cohorts, months: CustomerMonths): Cohort[] {
  const active = new Map([...sizes.keys()].map((month) => [month, new Float64Array(Math.max(last - month + 1, 0))]));
  for (let row = 0; row < months.customer.length; row++) {
    const counts = active.get(monthOf[at(months.customer, row)] ?? -1);
    const since = at(months.month, row);
    if (counts !== undefined && since < counts.length) counts[since] = (counts[since] as number) + 1;
  }
  return [...sizes].map(([month, customers]) => ({
    month: monthAt(month),
    customers,
    retention: Array.from(active.get(month) ?? [], (number) => number / customers),
  }));
}

/** Below so few customers an average says more about one of them than about the year. */
const FEWEST = 5;

/**
 * The average month by month over the customers who are that old, added up: the curve of a year does not bend where its younger cohorts
 * end, as an average of their sums would.
 */
function valuesOf({ sizes, monthOf, last }: Cohorts, months: CustomerMonths): ValueCurve[] {
  const years = new Map<number, Float64Array>();
  for (let row = 0; row < months.customer.length; row++) {
    const month = monthOf[at(months.customer, row)];
    const since = at(months.month, row);
    if (month === undefined || month + since > last) continue;
    const year = Math.floor(month / 12);
    const sums = years.get(year) ?? new Float64Array(last - year * 12 + 1);
    sums[since] = (sums[since] as number) + at(months.net, row);
    years.set(year, sums);
  }
  return [...years]
    .sort(([a], [b]) => a - b)
    .map(([year, sums]) => {
      const cohorts = [...sizes].filter(([month]) => Math.floor(month / 12) === year);
      const points = [];
      let value = 0;
      for (const [since, sum] of sums.entries()) {
        const customers = cohorts.reduce((total, [month, size]) => total + (month + since <= last ? size : 0), 0);
        if (customers < FEWEST) break;
        value += sum / customers;
        points.push({ month: since, value });
      }
      return { year: String(year), customers: cohorts.reduce((total, [, size]) => total + size, 0), points };
    });
}

function gapsOf({ buckets, gaps }: VisitGaps, kept: readonly number[]): Float64Array {
  const sums = new Float64Array(buckets.length);
  for (const i of kept)
    for (let bucket = 0; bucket < buckets.length; bucket++)
      sums[bucket] = (sums[bucket] as number) + at(gaps, i * buckets.length + bucket);
  return sums;
}

function everyMonth(months: ReadonlyMap<number, { customers: number; ltv: number }>) {
  const numbers = [...months.keys()];
  const first = Math.min(...numbers);
  const length = numbers.length === 0 ? 0 : Math.max(...numbers) - first + 1;
  return Array.from({ length }, (_, i) => ({
    month: monthAt(first + i),
    ...(months.get(first + i) ?? { customers: 0, ltv: 0 }),
  }));
}

/** Orders of registered and of anonymous customers. */
export interface TradeSummary {
  readonly registered: TradeTotals;
  readonly anonymous: TradeTotals;
  /** One a month of the selection that has orders. */
  readonly months: readonly { readonly month: string; readonly registered: number; readonly anonymous: number }[];
}

export interface TradeTotals {
  orders: number;
  refunded: number;
  net: number;
}

/** Registered against anonymous, over the orders that the filter keeps: by their day, store and order type. */
export function summariseTrade(trade: Trade, filter: Filter): TradeSummary {
  const { cells, days } = trade;
  const selection = select(filter, trade);
  const registered = { orders: 0, refunded: 0, net: 0 };
  const anonymous = { orders: 0, refunded: 0, net: 0 };
  const months = new Map<number, { registered: number; anonymous: number }>();
  // Cells come by day: the month is asked for once a day.
  let day = -1;
  let month = { registered: 0, anonymous: 0 };
  for (let i = 0; i < cells.day.length; i++) {
    const today = at(cells.day, i);
    if (today < selection.from || today > selection.to) continue;
    if (selection.stores[at(cells.store, i)] !== 1 || selection.orderTypes[at(cells.orderType, i)] !== 1) continue;
    if (today !== day) {
      day = today;
      const number = monthNumber(dayAt(days.first, day));
      month = months.get(number) ?? { registered: 0, anonymous: 0 };
      months.set(number, month);
    }
    registered.orders += at(cells.registeredOrders, i);
    registered.refunded += at(cells.registeredRefunded, i);
    registered.net += at(cells.registeredNet, i);
    anonymous.orders += at(cells.anonymousOrders, i);
    anonymous.refunded += at(cells.anonymousRefunded, i);
    anonymous.net += at(cells.anonymousNet, i);
    month.registered += at(cells.registeredOrders, i);
    month.anonymous += at(cells.anonymousOrders, i);
  }
  return {
    registered,
    anonymous,
    months: [...months].map(([number, orders]) => ({ month: monthAt(number), ...orders })),
  };
}
