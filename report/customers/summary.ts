import { at } from "../column-math.ts";
import { dayAt, monthAt, monthNumber } from "../days.ts";
import { type Filter, keeps, type Selection, select } from "../filter.ts";
import { type Cohort, cohortsOf, retentionOf, type ValueCurve, valuesOf } from "./cohorts.ts";
import type { Customers, CustomersData, VisitGaps } from "./shape.ts";

/** Sums over customers. Money in kopiykas. */
export interface CustomerTotals {
  customers: number;
  orders: number;
  ltv: number;
  /** Customers with more than one order. */
  repeat: number;
  churned: number;
  /** Revenue of the churned customers. */
  churnedLtv: number;
  /** Customers whose last order falls in the last 7, 30 and 90 days. */
  active7: number;
  active30: number;
  active90: number;
  /** Churned customers whose last order falls in the last 90 days. */
  leftLately: number;
  leftLatelyLtv: number;
}

/** Customers with the same segment, level or channel. */
export interface CustomerGroup extends CustomerTotals {
  readonly name: string;
}

export interface CustomersSummary {
  readonly totals: CustomerTotals;
  /** Customers of the selection who never ordered. 0 if order types are chosen: without orders they have no main order type. */
  readonly silent: number;
  readonly segments: readonly CustomerGroup[];
  /** The grid of scores, `grid[(r - 1) * 5 + f - 1]`; each cell has the name of its segment. */
  readonly grid: readonly CustomerGroup[];
  readonly levels: readonly CustomerGroup[];
  readonly channels: readonly CustomerGroup[];
  /** Lifetime values and ages in days, ascending. */
  readonly ltvs: Float64Array;
  readonly ages: Float64Array;
  /** Median days between visits, of customers with at least two visits, ascending. */
  readonly medianGaps: Float64Array;
  readonly cohorts: readonly Cohort[];
  readonly values: readonly ValueCurve[];
  /** Number of gaps in each bucket. */
  readonly gaps: Float64Array;
  /** Churned customers by the month of their last order, without a hole from the first such month to the last. */
  readonly leftByMonth: readonly { readonly month: string; readonly customers: number; readonly ltv: number }[];
}

/** Computes the figures of the customers that a filter keeps, by registration day, home store and main order type. */
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

function nothing(): CustomerTotals {
  const money = { ltv: 0, churnedLtv: 0, leftLatelyLtv: 0 };
  const people = { customers: 0, repeat: 0, churned: 0, active7: 0, active30: 0, active90: 0, leftLately: 0 };
  return { ...people, ...money, orders: 0 };
}

function add(into: CustomerTotals, { profiles }: Customers, i: number): void {
  const ltv = at(profiles.ltv, i);
  const recency = at(profiles.recency, i);
  const churned = at(profiles.churned, i);
  const lately = churned === 1 && recency < 90 ? 1 : 0;
  into.customers += 1;
  into.orders += at(profiles.orders, i);
  into.ltv += ltv;
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
    if (keeps(selection, profiles, i)) kept.push(i);
  }
  return kept;
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
