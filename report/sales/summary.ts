import { at, lowerBound } from "../column-math.ts";
import { dayAt, daysBetween, weekdayOf } from "../days.ts";
import { before, type Filter, keeps, lastYear, type Selection, select } from "../filter.ts";
import { partsOfOrders, placesOf, wholeOrders } from "./cell-values.ts";
import type { DiscountRows, SalesCells, SalesCube, SalesTotals } from "./shape.ts";

/** The totals that are known for each day. */
export type DailyTotals = Pick<SalesTotals, "orders" | "refunded" | "items" | "net">;

/** Everything that the sales page shows for one filter. */
export interface SalesSummary {
  readonly filter: Filter;
  readonly totals: SalesTotals;
  /** Totals of the previous period: as many days, right before. Undefined if the data does not reach back that far, or no selected store was open then. */
  readonly before: { readonly from: string; readonly to: string; readonly totals: SalesTotals } | undefined;
  /** Totals of the same days 52 weeks earlier. Undefined if the data does not reach back that far. */
  readonly yearBefore: { readonly from: string; readonly to: string; readonly totals: SalesTotals } | undefined;
  /** One for each day of the selection within the data, in order. */
  readonly daily: readonly Day[];
  /** How many of these days come before the first store of the selection opened. */
  readonly closedDays: number;
  /** The days before the selection, up to 27 and no earlier than the first store of the selection opened: moving averages need them. */
  readonly dailyBefore: readonly Day[];
  /** The days of `dailyBefore` and `daily`, 52 weeks earlier. */
  readonly dailyYearBefore: readonly Day[] | undefined;
  /** Orders by weekday and hour, `ordersByHour[weekday * hours + hour - first]`, Monday first. */
  readonly ordersByHour: Float64Array;
  /** How many days fall on each weekday, Monday first; days before the first store of the selection opened do not count. */
  readonly weekdayCounts: Float64Array;
  /** One for each store that the filter keeps, in the cube's order. */
  readonly stores: readonly StoreTotals[];
  readonly products: readonly ProductTotals[];
  readonly categories: readonly ProductTotals[];
  /** By place in the cube's mixes. */
  readonly mixes: readonly { readonly orders: number; readonly net: number }[];
  /** By place in the cube's reasons. */
  readonly reasons: readonly { readonly orders: number; readonly discount: number }[];
}

export type Day = DailyTotals & { readonly day: string };

/** The most days before a selection that a moving average needs. */
const LEAD = 27;

export interface StoreTotals extends SalesTotals {
  readonly store: number;
  /** Days of the selection from the store's opening on. */
  readonly days: number;
  /** Totals of the previous period; undefined if the store was not open for all of it. */
  readonly before: SalesTotals | undefined;
}

export interface ProductTotals {
  readonly name: string;
  readonly category: string;
  items: number;
  net: number;
  readonly netBefore: number | undefined;
}

/** Revenue per order that was not refunded, in kopiykas, as in the marts. NaN without such an order. */
export function averageOrder({ net, orders, refunded }: { net: number; orders: number; refunded: number }): number {
  return net / (orders - refunded);
}

/** Computes the figures for one filter. */
export function summariseSales(cube: SalesCube, filter: Filter): SalesSummary {
  const selection = select(filter, cube);
  const opened = openingOf(cube, selection);
  const previous = before(selection);
  // A store that was open for a part of the previous period only would seem to grow.
  const earlier = previous !== undefined && opened <= previous.from ? previous : undefined;
  const categories = filter.categories ?? [];
  const chosen = placesOf(cube, categories);
  const now = sum(cube, selection, categories);
  const past = earlier && sum(cube, earlier, categories);
  const year = lastYear(selection);
  const first = Math.max(selection.from, 0);
  const last = Math.min(selection.to, cube.days.count - 1);
  const since = Math.max(first, opened);
  const weekday = weekdayOf(dayAt(cube.days.first, since));

  const weekdayCounts = new Float64Array(7);
  for (let day = since; day <= last; day++) {
    const at = (weekday + day - since) % 7;
    weekdayCounts[at] = (weekdayCounts[at] ?? 0) + 1;
  }
  const days = (from: number, to: number) => daysOf(cube, selection, categories, from, to);
  const period = (at: Selection, totals: SalesTotals) => ({
    from: dayAt(cube.days.first, at.from),
    to: dayAt(cube.days.first, at.to),
    totals,
  });
  return {
    filter,
    totals: now.totals,
    before: past && earlier && period(earlier, past.totals),
    yearBefore: year && period(year, sum(cube, year, categories).totals),
    daily: Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => ({
      day: dayAt(cube.days.first, first + i),
      ...(now.daily.get(first + i) ?? quiet()),
    })),
    closedDays: Math.max(0, Math.min(since, last + 1) - first),
    dailyBefore: days(Math.max(first - LEAD, opened), first - 1),
    dailyYearBefore: year && days(Math.max(first - LEAD - 364, opened), last - 364),
    ordersByHour: now.ordersByHour,
    weekdayCounts,
    stores: cube.stores.flatMap(({ openedOn }, store) => {
      const totals = now.stores[store];
      if (selection.stores[store] !== 1 || totals === undefined) return [];
      const open = earlier !== undefined && openedOn <= dayAt(cube.days.first, earlier.from);
      const days = Math.max(0, last - Math.max(first, daysBetween(cube.days.first, openedOn)) + 1);
      return [{ ...totals, store, days, before: open ? past?.stores[store] : undefined }];
    }),
    products: chosen.products.map((i) => ({
      name: cube.products[i]?.name ?? "",
      category: cube.products[i]?.category ?? "",
      items: now.items[i] ?? 0,
      net: now.net[i] ?? 0,
      netBefore: past?.net[i],
    })),
    categories: byCategory(cube, now, past).filter(({ name }) => categories.length === 0 || categories.includes(name)),
    mixes: cube.mixes.map((_, i) =>
      chosen.mixes.includes(i) ? { orders: now.mixOrders[i] ?? 0, net: now.mixNet[i] ?? 0 } : { orders: 0, net: 0 },
    ),
    reasons: cube.discountReasons.map((_, i) => ({
      orders: now.reasonOrders[i] ?? 0,
      discount: now.reasonDiscount[i] ?? 0,
    })),
  };
}

type Sums = ReturnType<typeof sum>;

function byCategory({ products }: SalesCube, now: Sums, past: Sums | undefined): ProductTotals[] {
  return [...new Set(products.map(({ category }) => category))].map((name) => {
    const add = (column: Float64Array) =>
      products.reduce((total, { category }, i) => total + (category === name ? (column[i] ?? 0) : 0), 0);
    return { name, category: name, items: add(now.items), net: add(now.net), netBefore: past && add(past.net) };
  });
}

function nothing(): SalesTotals {
  return { orders: 0, refunded: 0, items: 0, discounted: 0, subTotal: 0, discount: 0, net: 0, margin: 0 };
}

/** The number of the first day on which a store of the selection was open; 0 if that was before the data begins. */
function openingOf(cube: SalesCube, { stores }: Selection): number {
  const opened = cube.stores
    .filter((_, i) => stores[i] === 1)
    .map(({ openedOn }) => daysBetween(cube.days.first, openedOn));
  return Math.max(0, Math.min(...opened));
}

/** The totals of each day from one to another. */
function daysOf(cube: SalesCube, selection: Selection, categories: readonly string[], from: number, to: number): Day[] {
  const { cells } = columnsOf(cube);
  const valuesOf = categories.length === 0 ? wholeOrders(cells) : partsOfOrders(cube, cells, categories);
  const days = Array.from({ length: Math.max(to - from + 1, 0) }, (_, i) => ({
    day: dayAt(cube.days.first, from + i),
    ...quiet(),
  }));
  const end = lowerBound(cells.day, to + 1);
  for (let cell = lowerBound(cells.day, from); cell < end; cell++) {
    const into = days[at(cells.day, cell) - from];
    if (into !== undefined && keeps(selection, cells, cell)) addDay(into, valuesOf(cell));
  }
  return days;
}

function addDay(into: DailyTotals, { orders, refunded, items, net }: DailyTotals): void {
  into.orders += orders;
  into.refunded += refunded;
  into.items += items;
  into.net += net;
}

/** A day without orders. */
function quiet(): DailyTotals {
  return { orders: 0, refunded: 0, items: 0, net: 0 };
}

const totalNames = Object.keys(nothing()) as (keyof SalesTotals)[];

/** The cube's columns as typed arrays, which make the loops several times as fast. Made at the first use. */
function columnsOf(cube: SalesCube) {
  const made = typed.get(cube) ?? { cells: typedColumns(cube.cells), discounts: typedColumns(cube.discounts) };
  typed.set(cube, made);
  return made;
}

type Typed<Columns> = { readonly [Name in keyof Columns]: Float64Array };
const typed = new WeakMap<SalesCube, { cells: Typed<SalesCells>; discounts: Typed<DiscountRows> }>();

function typedColumns<Columns extends object>(columns: Columns): Typed<Columns> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, Float64Array.from(column)]),
  ) as Typed<Columns>;
}

/** Adds a cell's row of a matrix to the sums, from index `into` on. */
function addRow(sums: Float64Array, into: number, matrix: Float64Array, cell: number, width: number): void {
  for (let i = 0, from = cell * width; i < width; i++) sums[into + i] = at(sums, into + i) + at(matrix, from + i);
}

/** Adds up the cells of a selection in one pass. A reader who changes the filter waits for this. */
function sum(cube: SalesCube, selection: Selection, categories: readonly string[]) {
  const { hours, mixes, products, discountReasons } = cube;
  const { cells, discounts } = columnsOf(cube);
  const start = lowerBound(cells.day, selection.from);
  const end = lowerBound(cells.day, selection.to + 1);
  const valuesOf = categories.length === 0 ? wholeOrders(cells) : partsOfOrders(cube, cells, categories);
  const weekday = weekdayOf(cube.days.first);
  const totals = nothing();
  const stores = cube.stores.map(nothing);
  const daily = new Map<number, DailyTotals>();
  const ordersByHour = new Float64Array(7 * hours.count);
  const items = new Float64Array(products.length);
  const net = new Float64Array(products.length);
  const mixOrders = new Float64Array(mixes.length);
  const mixNet = new Float64Array(mixes.length);
  const reasonOrders = new Float64Array(discountReasons.length);
  const reasonDiscount = new Float64Array(discountReasons.length);

  for (let cell = start; cell < end; cell++) {
    if (!keeps(selection, cells, cell)) continue;
    const day = at(cells.day, cell);
    const store = at(cells.store, cell);
    const values = valuesOf(cell);
    if (values.orders === 0) continue;
    for (const into of [totals, stores[store] as SalesTotals])
      for (const name of totalNames) into[name] += values[name];
    const today = daily.get(day) ?? quiet();
    addDay(today, values);
    daily.set(day, today);
    addRow(ordersByHour, ((weekday + day) % 7) * hours.count, cells.ordersByHour, cell, hours.count);
    addRow(items, 0, cells.itemsByProduct, cell, products.length);
    addRow(net, 0, cells.netByProduct, cell, products.length);
    addRow(mixOrders, 0, cells.ordersByMix, cell, mixes.length);
    addRow(mixNet, 0, cells.netByMix, cell, mixes.length);
  }

  for (let row = 0; row < discounts.cell.length; row++) {
    const cell = at(discounts.cell, row);
    if (cell < start || cell >= end || !keeps(selection, cells, cell)) continue;
    const reason = at(discounts.reason, row);
    reasonOrders[reason] = at(reasonOrders, reason) + at(discounts.orders, row);
    reasonDiscount[reason] = at(reasonDiscount, reason) + at(discounts.discount, row);
  }
  return {
    totals,
    stores,
    daily,
    ordersByHour,
    items,
    net,
    mixOrders,
    mixNet,
    reasonOrders,
    reasonDiscount,
  };
}
