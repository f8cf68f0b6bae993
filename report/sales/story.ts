import { dayName, weekdays } from "../days.ts";
import { change, count, hourName, percent, percentWhole, plural, rate, uah, uahShort, upOrDown } from "../format.ts";
import type { SalesCube } from "./shape.ts";
import type { ProductTotals, SalesSummary, StoreTotals } from "./summary.ts";

/*
 * Sentences about the sales figures, which are true for any selection. `**` marks bold words. Every function expects a
 * summary with at least one order.
 */

const WEEKDAYS = [0, 1, 2, 3, 4];
const WEEKEND = [5, 6];

/** The busiest hour of the weekdays or of the weekend. */
export interface BusiestHour {
  /** The days that it was chosen among, such as "on weekdays", or "on Friday" if the selection has no other. */
  readonly when: string;
  readonly hour: number;
  /** Average orders in this hour of these days. */
  readonly average: number;
  /** The number of those days. */
  readonly days: number;
}

/** Average orders in an hour of the week; NaN if the selection has no such weekday. */
export function averageInHour(cube: SalesCube, summary: SalesSummary, weekday: number, hour: number): number {
  return (
    (summary.ordersByHour[weekday * cube.hours.count + hour - cube.hours.first] ?? 0) /
    (summary.weekdayCounts[weekday] ?? 0)
  );
}

/** The average in the fullest cell of the chart. */
export function highestAverage(cube: SalesCube, summary: SalesSummary): number {
  const averages = [...WEEKDAYS, ...WEEKEND].flatMap((weekday) =>
    Array.from({ length: cube.hours.count }, (_, i) => averageInHour(cube, summary, weekday, cube.hours.first + i)),
  );
  return Math.max(0, ...averages.filter(Number.isFinite));
}

/**
 * The busiest hour of the weekdays and of the weekend, the busier one first. Does not name one weekday: the same hour of five weekdays
 * differs by hardly more than chance.
 */
export function busiestHours(cube: SalesCube, summary: SalesSummary): BusiestHour[] {
  return [
    { days: WEEKDAYS, name: "on weekdays" },
    { days: WEEKEND, name: "at the weekend" },
  ]
    .map(({ days, name }) => {
      const among = days.filter((weekday) => (summary.weekdayCounts[weekday] ?? 0) > 0);
      const number = among.reduce((sum, weekday) => sum + (summary.weekdayCounts[weekday] ?? 0), 0);
      const averages = Array.from({ length: cube.hours.count }, (_, i) => {
        const orders = among.map((weekday) => summary.ordersByHour[weekday * cube.hours.count + i] ?? 0);
        return orders.reduce((sum, of) => sum + of, 0) / number;
      });
      const average = Math.max(0, ...averages.filter(Number.isFinite));
      const when = among.length === 1 ? `on ${weekdays[among[0] ?? 0]}` : name;
      return { when, hour: cube.hours.first + averages.indexOf(average), average, days: number };
    })
    .filter(({ average }) => average > 0)
    .sort((a, b) => b.average - a.average);
}

const ordersInHour = ({ average, days }: BusiestHour) =>
  days === 1 ? plural(average, "order") : `${rate(average)} orders on average`;

export function hoursHeadline(cube: SalesCube, summary: SalesSummary): string {
  const [busiest] = busiestHours(cube, summary);
  if (busiest === undefined) return "";
  return `${hourName(busiest.hour)} ${busiest.when} is the busiest hour: ${ordersInHour(busiest)}`;
}

/** Names the busiest hours of both parts of the week, which have different rhythms. */
export function busiestSentence(cube: SalesCube, summary: SalesSummary): string | undefined {
  const [busiest, other] = busiestHours(cube, summary);
  if (busiest === undefined) return undefined;
  const rest = other && `; ${other.when} it is **${hourName(other.hour)}**, with ${rate(other.average)}`;
  return `The busiest hour ${busiest.when} is **${hourName(busiest.hour)}**, with ${ordersInHour(busiest)}${rest ?? ""}.`;
}

/** Compares orders per day on weekdays and at the weekend. */
export function weekendSentence(cube: SalesCube, summary: SalesSummary): string | undefined {
  const average = (days: readonly number[]) => {
    let orders = 0;
    let number = 0;
    for (const weekday of days) {
      number += summary.weekdayCounts[weekday] ?? 0;
      for (let i = 0; i < cube.hours.count; i++) orders += summary.ordersByHour[weekday * cube.hours.count + i] ?? 0;
    }
    return orders / number;
  };
  const weekday = average(WEEKDAYS);
  const weekend = average(WEEKEND);
  if (!(weekday > 0 && weekend > 0)) return undefined;
  const [busier, quieter] = weekend > weekday ? ["weekend day", "weekday"] : ["weekday", "weekend day"];
  const [most, least] = [Math.max(weekend, weekday), Math.min(weekend, weekday)];
  if (most / least < 1.01)
    return `A weekday and a weekend day bring about as many orders: ${rate(weekday)} and ${rate(weekend)}.`;
  return `A ${busier} brings ${percentWhole(most / least - 1)} more orders than a ${quieter}: ${rate(most)} against ${rate(least)}.`;
}

const most = <Row>(rows: readonly Row[], value: (row: Row) => number): Row | undefined =>
  rows.reduce<Row | undefined>((top, row) => (top === undefined || value(row) > value(top) ? row : top), undefined);

/** The stores with orders, by revenue, best first. */
export function rankedStores({ stores }: SalesSummary): StoreTotals[] {
  return stores.filter(({ orders }) => orders > 0).sort((a, b) => b.net - a.net);
}

export function storesHeadline(cube: SalesCube, summary: SalesSummary): string {
  const ranked = rankedStores(summary);
  const name = (totals: StoreTotals | undefined) => cube.stores[totals?.store ?? -1]?.name ?? "";
  const best = ranked[0];
  if (best === undefined) return "No store took an order";
  if (ranked.length === 1) return `${name(best)}: ${uahShort(best.net)} from ${plural(best.orders, "order")}`;
  const share = percentWhole(best.net / summary.totals.net);
  return `${name(best)} leads with ${uahShort(best.net)}, ${share} of revenue`;
}

/** Compares the stores that were open in both periods, without the revenue that a new store adds: together, the least and the most. */
export function growthSentence(cube: SalesCube, summary: SalesSummary): string | undefined {
  const grown = summary.stores.filter(({ net, before }) => net > 0 && (before?.net ?? 0) > 0);
  const growth = ({ net, before }: StoreTotals) => net / (before?.net ?? 1);
  const best = most(grown, growth);
  if (best === undefined || grown.length < 2) return undefined;
  const worst = grown.reduce((low, store) => (growth(store) < growth(low) ? store : low), best);
  const tell = (totals: StoreTotals) =>
    `${change(totals.net, totals.before?.net ?? 0)} at **${cube.stores[totals.store]?.name}**`;
  const sum = (value: (store: StoreTotals) => number) => grown.reduce((all, store) => all + value(store), 0);
  const together = change(
    sum(({ net }) => net),
    sum(({ before }) => before?.net ?? 0),
  );
  return `Revenue of the stores open in both periods: **${together}**, from ${tell(worst)} to ${tell(best)}.`;
}

/** Days before the first of the stores opened would lower an average. */
const openDays = ({ daily, closedDays }: SalesSummary): number => daily.length - closedDays;

export function dailyHeadline(summary: SalesSummary): string {
  const { daily, totals, before } = summary;
  const best = most(daily, ({ net }) => net);
  if (best === undefined) return "";
  if (daily.length === 1) return `${uah(best.net)} on ${dayName(best.day)}`;
  const average = `${uahShort(totals.net / openDays(summary))} a day on average`;
  if (before === undefined || !(before.totals.net > 0)) return `${average}; the best day was ${dayName(best.day)}`;
  return `Revenue is ${upOrDown(totals.net, before.totals.net)} from the previous period: ${average}`;
}

export function dailyOrdersHeadline(summary: SalesSummary): string {
  const { daily, totals, before } = summary;
  const best = most(daily, ({ orders }) => orders);
  if (best === undefined) return "";
  if (daily.length === 1) return `${plural(best.orders, "order")} on ${dayName(best.day)}`;
  const average = `${rate(totals.orders / openDays(summary))} orders a day on average`;
  if (before === undefined || before.totals.orders === 0) return `${average}; the most were on ${dayName(best.day)}`;
  return `Orders are ${upOrDown(totals.orders, before.totals.orders)} from the previous period: ${average}`;
}

export function categoriesHeadline({ categories, totals }: SalesSummary): string {
  const best = most(categories, ({ net }) => net);
  if (best === undefined) return "";
  if (categories.filter(({ items }) => items > 0).length === 1)
    return `${best.name}: ${uahShort(best.net)} from ${plural(best.items, "piece")}`;
  return `${best.name} brings ${percentWhole(best.net / totals.net)} of revenue`;
}

/** The products that were sold, by revenue, best first. */
export function rankedProducts({ products }: SalesSummary): ProductTotals[] {
  return products.filter(({ items }) => items > 0).sort((a, b) => b.net - a.net);
}

export function productsHeadline(summary: SalesSummary): string {
  const [best] = rankedProducts(summary);
  const popular = most(summary.products, ({ items }) => items);
  if (best === undefined || popular === undefined) return "Nothing was sold";
  if (best === popular) return `${best.name} sells best: ${uahShort(best.net)} from ${plural(best.items, "piece")}`;
  return `${best.name} earns the most, ${uahShort(best.net)}; ${popular.name} sells the most pieces, ${count(popular.items)}`;
}

/** The share of orders with products of two or three categories. */
export function mixedShare({ mixes }: SalesCube, summary: SalesSummary): number {
  return (
    summary.mixes.reduce((sum, { orders }, i) => sum + ((mixes[i]?.categories ?? 0) > 1 ? orders : 0), 0) /
    summary.totals.orders
  );
}

export function mixHeadline(cube: SalesCube, summary: SalesSummary): string {
  const ranked = cube.mixes
    .map(({ name, categories }, i) => ({ name, categories, orders: summary.mixes[i]?.orders ?? 0 }))
    .filter(({ categories, orders }) => categories > 1 && orders > 0)
    .sort((a, b) => b.orders - a.orders);
  const share = percentWhole(mixedShare(cube, summary));
  return `${share} of orders mix categories${ranked[0] === undefined ? "" : `, most often ${ranked[0].name}`}`;
}

/** Says how much of the revenue is left after the cost of the goods. */
export function marginSentence({ totals }: SalesSummary): string | undefined {
  if (!(totals.net > 0)) return undefined;
  return `Gross margin is **${percent(totals.margin / totals.net)}** of revenue, ${uahShort(totals.margin)}: taxes, wages and rent are still to be paid from it.`;
}

export function discountsHeadline({ totals }: SalesSummary): string {
  if (totals.discount === 0) return "No discount was given";
  const part = percentWhole(totals.discounted / totals.orders);
  return `Discounts took ${uahShort(totals.discount)}, ${percent(totals.discount / totals.subTotal)} of list prices, on ${part} of orders`;
}

/** The sentences at the top of the page, which answer an owner's first questions. */
export function salesStory(cube: SalesCube, summary: SalesSummary): string[] {
  const ranked = rankedStores(summary);
  const best = ranked[0];
  const [product] = rankedProducts(summary);
  // The hours of orders are known for whole orders only.
  const whole = !summary.filter.categories?.length;
  return [
    whole ? busiestSentence(cube, summary) : undefined,
    best && ranked.length > 1
      ? `**${cube.stores[best.store]?.name}** is the best store, with ${percentWhole(best.net / summary.totals.net)} of revenue.`
      : undefined,
    product && `**${product.name}** earns the most of all products: ${uahShort(product.net)}.`,
    growthSentence(cube, summary),
    whole ? weekendSentence(cube, summary) : undefined,
    whole ? marginSentence(summary) : undefined,
  ].filter((sentence) => sentence !== undefined);
}
