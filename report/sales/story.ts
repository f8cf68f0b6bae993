import { dayName, weekdays } from "../days.ts";
import { change, count, decimal, hourName, percent, percentWhole, plural, rate, uah, uahShort } from "../format.ts";
import type { SalesCube } from "./shape.ts";
import { averageOrder, type ProductTotals, type SalesSummary, type StoreTotals } from "./summary.ts";

/*
 * What the sales figures say, in sentences: computed, so that they are true of whatever is selected. `**` marks what is strong. All
 * of them expect a summary with at least one order.
 */

const WORKDAYS = [0, 1, 2, 3, 4];
const WEEKEND = [5, 6];

/** The hour of the week with the most orders. */
export interface BusiestHour {
  readonly weekday: number;
  readonly hour: number;
  /** Orders in all, and in one such hour on average. */
  readonly orders: number;
  readonly average: number;
}

/** Orders in one hour of the week on average; not a number where the weekday is not among the days. */
export function averageInHour(cube: SalesCube, summary: SalesSummary, weekday: number, hour: number): number {
  return (
    (summary.ordersByHour[weekday * cube.hours.count + hour - cube.hours.first] ?? 0) /
    (summary.weekdayCounts[weekday] ?? 0)
  );
}

/** The busiest hour of the week, or of some of its days, by its average; the first of equal ones. */
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

/** The busiest hour, and that of the other part of the week: workdays have another rhythm than weekends. */
export function busiestSentence(cube: SalesCube, summary: SalesSummary): string {
  const { weekday, hour, average } = busiestHour(cube, summary);
  const [part, days] = weekday < 5 ? ["at the weekend", WEEKEND] : ["on workdays", WORKDAYS];
  const other = busiestHour(cube, summary, days);
  const and = other.orders > 0 ? `; ${part} **${weekdays[other.weekday]} at ${hourName(other.hour)}**` : "";
  return `Busiest: **${weekdays[weekday]} at ${hourName(hour)}**, ${rate(average)} orders in that hour${and}.`;
}

/** Orders a day, on workdays against weekends. */
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
  const workday = average(WORKDAYS);
  const weekend = average(WEEKEND);
  if (!(workday > 0 && weekend > 0)) return undefined;
  const busier = weekend > workday ? "Weekend days bring" : "Workdays bring";
  const more = Math.max(weekend, workday) / Math.min(weekend, workday) - 1;
  return `${busier} ${percentWhole(more)} more orders a day: ${rate(workday)} on a workday, ${rate(weekend)} at the weekend.`;
}

const most = <Row>(rows: readonly Row[], value: (row: Row) => number): Row | undefined =>
  rows.reduce<Row | undefined>((top, row) => (top === undefined || value(row) > value(top) ? row : top), undefined);

/** Stores by revenue, the best first; those without an order are left out. */
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
      ? `; the largest orders are at ${name(richest)} (${uah(averageOrder(richest))})`
      : "";
  return `Best store: ${name(best)}, ${uahShort(best.net)} or ${share} of revenue${tail}`;
}

/** The store that grew most against the period before. */
export function growthSentence(cube: SalesCube, summary: SalesSummary): string | undefined {
  const grown = summary.stores.filter(({ before }) => (before?.net ?? 0) > 0);
  const growth = ({ net, before }: StoreTotals) => net / (before?.net ?? 1);
  const best = most(grown, growth);
  if (best === undefined || grown.length < 2) return undefined;
  const worst = grown.reduce((low, store) => (growth(store) < growth(low) ? store : low), best);
  const tell = (totals: StoreTotals) =>
    `**${cube.stores[totals.store]?.name}** ${change(totals.net, totals.before?.net ?? 0)}`;
  return `Against the period before: ${tell(best)} at the top, ${tell(worst)} at the bottom.`;
}

export function dailyHeadline({ daily, totals, before }: SalesSummary): string {
  const best = most(daily, ({ net }) => net);
  if (best === undefined) return "";
  if (daily.length === 1) return `${uah(best.net)} on ${dayName(best.day)}`;
  const average = `${uahShort(totals.net / daily.length)} a day on average`;
  if (before === undefined || !(before.totals.net > 0)) return `${average}; the best day was ${dayName(best.day)}`;
  const by = change(totals.net, before.totals.net);
  const direction = by.startsWith("+") ? `up ${by.slice(1)}` : by.startsWith("−") ? `down ${by.slice(1)}` : "unchanged";
  return `Revenue is ${direction} on the period before: ${average}`;
}

export function categoriesHeadline({ categories, totals }: SalesSummary): string {
  const best = most(categories, ({ net }) => net);
  return best === undefined ? "" : `${best.name} brings ${percentWhole(best.net / totals.net)} of revenue`;
}

/** Products by revenue, the best first; those that were not sold are left out. */
export function rankedProducts({ products }: SalesSummary): ProductTotals[] {
  return products.filter(({ items }) => items > 0).sort((a, b) => b.net - a.net);
}

export function productsHeadline(summary: SalesSummary): string {
  const [best] = rankedProducts(summary);
  const popular = most(summary.products, ({ items }) => items);
  if (best === undefined || popular === undefined) return "Nothing was sold";
  if (best === popular) return `${best.name} sells best: ${uahShort(best.net)} from ${plural(best.items, "piece")}`;
  return `${best.name} earns most, ${uahShort(best.net)}; ${popular.name} sells most pieces, ${count(popular.items)}`;
}

/** Part of the orders that hold products of two or three categories. */
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
  return `${share} of orders mix categories${ranked[0] === undefined ? "" : `, ${ranked[0].name} most of all`}`;
}

/** What a mixed order is worth against one of a single category. */
export function mixValueSentence(cube: SalesCube, summary: SalesSummary): string | undefined {
  const value = (mixed: boolean) => {
    const kept = summary.mixes.filter((_, i) => (cube.mixes[i]?.categories ?? 0) > 1 === mixed);
    return kept.reduce((sum, { net }) => sum + net, 0) / kept.reduce((sum, { orders }) => sum + orders, 0);
  };
  const [mixed, single] = [value(true), value(false)];
  if (!(mixed > 0 && single > 0)) return undefined;
  return `A mixed order brings ${uah(mixed)}, ${decimal(mixed / single)} times an order of one category (${uah(single)}).`;
}

export function discountsHeadline({ totals }: SalesSummary): string {
  if (totals.discount === 0) return "No discount was given";
  const part = percentWhole(totals.discounted / totals.orders);
  return `${uahShort(totals.discount)} given away, ${percent(totals.discount / totals.subTotal)} of list price, on ${part} of orders`;
}

/** The page's first words: what an owner asks first. */
export function salesStory(cube: SalesCube, summary: SalesSummary): string[] {
  const ranked = rankedStores(summary);
  const best = ranked[0];
  const [product] = rankedProducts(summary);
  return [
    busiestSentence(cube, summary),
    best && ranked.length > 1
      ? `Best store: **${cube.stores[best.store]?.name}** with ${percentWhole(best.net / summary.totals.net)} of revenue.`
      : undefined,
    product && `Earns most: **${product.name}**, ${uahShort(product.net)}.`,
    growthSentence(cube, summary),
    weekendSentence(cube, summary),
    mixValueSentence(cube, summary),
  ].filter((sentence) => sentence !== undefined);
}
