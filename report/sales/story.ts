import { dayName, weekdays } from "../days.ts";
import {
  change,
  count,
  decimal,
  hourName,
  percent,
  percentWhole,
  plural,
  rate,
  uah,
  uahExact,
  uahShort,
  upOrDown,
} from "../format.ts";
import type { SalesCube } from "./shape.ts";
import { averageOrder, type ProductTotals, type SalesSummary, type StoreTotals } from "./summary.ts";

/*
 * Sentences about the sales figures, which are true for any selection. `**` marks bold words. Every function expects a
 * summary with at least one order.
 */

const WEEKDAYS = [0, 1, 2, 3, 4];
const WEEKEND = [5, 6];

/** The hour of the week with the most orders. */
export interface BusiestHour {
  readonly weekday: number;
  readonly hour: number;
  /** Orders in total, and the average in one such hour. */
  readonly orders: number;
  readonly average: number;
}

/** Average orders in an hour of the week; NaN if the selection has no such weekday. */
export function averageInHour(cube: SalesCube, summary: SalesSummary, weekday: number, hour: number): number {
  return (
    (summary.ordersByHour[weekday * cube.hours.count + hour - cube.hours.first] ?? 0) /
    (summary.weekdayCounts[weekday] ?? 0)
  );
}

/** The hour with the highest average, on any weekday or `among` some; the first in a tie. */
export function busiestHour(cube: SalesCube, summary: SalesSummary, among = [0, 1, 2, 3, 4, 5, 6]): BusiestHour {
  let best: BusiestHour = { weekday: among[0] ?? 0, hour: cube.hours.first, orders: 0, average: 0 };
  for (const weekday of among)
    for (let hour = cube.hours.first; hour < cube.hours.first + cube.hours.count; hour++) {
      const average = averageInHour(cube, summary, weekday, hour);
      const orders = summary.ordersByHour[weekday * cube.hours.count + hour - cube.hours.first] ?? 0;
      if (average > best.average) best = { weekday, hour, orders, average };
    }
  return best;
}

export function hoursHeadline(cube: SalesCube, summary: SalesSummary): string {
  const { weekday, hour, average } = busiestHour(cube, summary);
  return `${weekdays[weekday]} ${hourName(hour)} is the busiest hour: ${rate(average)} orders on average`;
}

/** Names the busiest hour, and the busiest hour in the other part of the week: weekdays and weekends have different rhythms. */
export function busiestSentence(cube: SalesCube, summary: SalesSummary): string {
  const { weekday, hour, average } = busiestHour(cube, summary);
  const [part, days] = weekday < 5 ? ["at the weekend", WEEKEND] : ["on weekdays", WEEKDAYS];
  const other = busiestHour(cube, summary, days);
  const rest = other.orders > 0 ? `; ${part} it is **${weekdays[other.weekday]} at ${hourName(other.hour)}**` : "";
  return `The busiest hour is **${weekdays[weekday]} at ${hourName(hour)}**, with ${rate(average)} orders on average${rest}.`;
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
  const richest = most(ranked, averageOrder);
  const tail =
    richest !== best && richest !== undefined
      ? `; ${name(richest)} has the largest orders, ${uahExact(averageOrder(richest))} on average`
      : "";
  return `${name(best)} leads with ${uahShort(best.net)}, ${share} of revenue${tail}`;
}

/** Names the stores that grew most and least compared with the previous period. */
export function growthSentence(cube: SalesCube, summary: SalesSummary): string | undefined {
  const grown = summary.stores.filter(({ before }) => (before?.net ?? 0) > 0);
  const growth = ({ net, before }: StoreTotals) => net / (before?.net ?? 1);
  const best = most(grown, growth);
  if (best === undefined || grown.length < 2) return undefined;
  const worst = grown.reduce((low, store) => (growth(store) < growth(low) ? store : low), best);
  const tell = (totals: StoreTotals) =>
    `${change(totals.net, totals.before?.net ?? 0)} at **${cube.stores[totals.store]?.name}**`;
  return `Among the stores open in both periods, the change in revenue ranges from ${tell(worst)} to ${tell(best)}.`;
}

export function dailyHeadline({ daily, totals, before }: SalesSummary): string {
  const best = most(daily, ({ net }) => net);
  if (best === undefined) return "";
  if (daily.length === 1) return `${uah(best.net)} on ${dayName(best.day)}`;
  const average = `${uahShort(totals.net / daily.length)} a day on average`;
  if (before === undefined || !(before.totals.net > 0)) return `${average}; the best day was ${dayName(best.day)}`;
  return `Revenue is ${upOrDown(totals.net, before.totals.net)} from the previous period: ${average}`;
}

export function dailyOrdersHeadline({ daily, totals, before }: SalesSummary): string {
  const best = most(daily, ({ orders }) => orders);
  if (best === undefined) return "";
  if (daily.length === 1) return `${plural(best.orders, "order")} on ${dayName(best.day)}`;
  const average = `${rate(totals.orders / daily.length)} orders a day on average`;
  if (before === undefined || before.totals.orders === 0) return `${average}; the most were on ${dayName(best.day)}`;
  return `Orders are ${upOrDown(totals.orders, before.totals.orders)} from the previous period: ${average}`;
}

export function categoriesHeadline({ categories, totals }: SalesSummary): string {
  const best = most(categories, ({ net }) => net);
  return best === undefined ? "" : `${best.name} brings ${percentWhole(best.net / totals.net)} of revenue`;
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

/** Compares the value of mixed orders with that of orders from a single category. */
export function mixValueSentence(cube: SalesCube, summary: SalesSummary): string | undefined {
  const value = (mixed: boolean) => {
    const kept = summary.mixes.filter((_, i) => (cube.mixes[i]?.categories ?? 0) > 1 === mixed);
    return kept.reduce((sum, { net }) => sum + net, 0) / kept.reduce((sum, { orders }) => sum + orders, 0);
  };
  const [mixed, single] = [value(true), value(false)];
  if (!(mixed > 0 && single > 0)) return undefined;
  return `An order that mixes categories brings ${uahExact(mixed)}, ${decimal(mixed / single)} times as much as one that does not (${uahExact(single)}).`;
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
    whole ? mixValueSentence(cube, summary) : undefined,
  ].filter((sentence) => sentence !== undefined);
}
