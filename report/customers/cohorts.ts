import { at } from "../column-math.ts";
import { dayAt, monthAt, monthNumber } from "../days.ts";
import type { CustomerMonths, Customers } from "./shape.ts";

/** Customers who registered in one month. */
export interface Cohort {
  /** First day of the month. */
  readonly month: string;
  readonly customers: number;
  /** For each complete month since registration, the share of the customers who ordered in it. */
  readonly retention: readonly number[];
}

/** Average revenue so far of the customers who registered in one year, by months since registration. */
export interface ValueCurve {
  readonly year: string;
  readonly customers: number;
  readonly points: readonly { readonly month: number; readonly value: number }[];
}

/** Divides the customers that the filter keeps into cohorts. */
export interface Cohorts {
  /** Number of customers by `monthNumber` of registration. */
  readonly sizes: ReadonlyMap<number, number>;
  /** `monthNumber` of registration by place in the profiles; undefined for customers that the filter leaves out. */
  readonly monthOf: readonly (number | undefined)[];
  /** `monthNumber` of the last complete month. */
  readonly last: number;
}

export function cohortsOf({ days, profiles }: Customers, kept: readonly number[]): Cohorts {
  const monthOf: (number | undefined)[] = profiles.registered.map(() => undefined);
  const sizes = new Map<number, number>();
  for (const i of kept) {
    const month = monthNumber(dayAt(days.first, at(profiles.registered, i)));
    monthOf[i] = month;
    sizes.set(month, (sizes.get(month) ?? 0) + 1);
  }
  // Look at the day after the last one: if it begins a month, the last day's month is complete.
  return {
    sizes: new Map([...sizes].sort(([a], [b]) => a - b)),
    monthOf,
    last: monthNumber(dayAt(days.first, days.count)) - 1,
  };
}

export function retentionOf({ sizes, monthOf, last }: Cohorts, months: CustomerMonths): Cohort[] {
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

/** With fewer customers, single ones dominate an average. */
const FEWEST = 5;

/**
 * Averages each month over the customers who have reached it, then adds the months up. So a year's curve does not bend where its younger
 * cohorts end, as an average of sums would.
 */
export function valuesOf({ sizes, monthOf, last }: Cohorts, months: CustomerMonths): ValueCurve[] {
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
