import { rangeName } from "../../days.ts";
import { everything, type Filter } from "../../filter.ts";
import { change, count, decimal, percent, uahExact, uahShort } from "../../format.ts";
import { categoriesOf } from "../../sales/cell-values.ts";
import type { SalesCube, SalesReport } from "../../sales/shape.ts";
import { salesStory } from "../../sales/story.ts";
import { averageOrder, type DailyTotals, type SalesSummary, summariseSales } from "../../sales/summary.ts";
import { h, items } from "../dom.ts";
import { filteredPage } from "../filtered-page.ts";
import { grid, showInstead, stack, terms } from "../frame.ts";
import { kpi } from "../kpi.ts";
import { salesCards } from "./cards.ts";

const NO_ORDERS = "No orders in this selection: choose other days, stores or order types.";

/** Shows the sales page. */
export function salesPage({ data, missing }: SalesReport): void {
  const { sales } = data;
  if (sales === undefined) showInstead(missing.sales ?? "The sales figures are missing.");
  else if (sales.days.count === 0) showInstead("There are no orders yet. Figures appear here after the first one.");
  else showSales(sales);
}

function showSales(cube: SalesCube): void {
  const initial = everything(cube, 365);
  const kpis = {
    net: kpi("revenue", "Revenue"),
    orders: kpi("orders", "Orders"),
    average: kpi("average-order", "Average order value"),
    items: kpi("items-per-order", "Items per order"),
  };
  const story = h("ul", { class: "story", id: "story", "aria-label": "At a glance" });
  /** Chooses one name alone, or all of them if it already is. */
  const toggled = (chosen: readonly string[], name: string) =>
    chosen.length === 1 && chosen[0] === name ? [] : [name];
  const cards = salesCards(cube, {
    store: (name) => choose((filter) => ({ ...filter, stores: toggled(filter.stores, name) })),
    category: (name) => choose((filter) => ({ ...filter, categories: toggled(filter.categories ?? [], name) })),
    day: (day) =>
      choose((filter) =>
        filter.from === day && filter.to === day
          ? { ...filter, from: initial.from, to: initial.to }
          : { ...filter, from: day, to: day },
      ),
  });
  const period = h("p", { class: "lead", id: "period-words" });
  const choose = filteredPage({
    choices: { ...cube, categories: categoriesOf(cube) },
    initial,
    words: { days: "Days", store: "Store", orderType: "Order type", category: "Category" },
    sections: [
      {
        id: "overview",
        link: "Overview",
        content: [period, grid(...Object.values(kpis)), story, grid(cards.daily, cards.dailyOrders)],
      },
      { id: "when", link: "Busy hours", content: [grid(cards.hours)] },
      { id: "stores", link: "Stores", content: [grid(cards.stores, cards.map)] },
      {
        id: "products",
        link: "Products",
        title: "Products and baskets",
        content: [grid(stack("w5", cards.categories, cards.mixes), cards.products)],
      },
      { id: "discounts", link: "Discounts", content: [grid(cards.discounts)] },
      { id: "meaning", link: "Definitions", title: "What the figures mean", content: [terms(meanings)] },
    ],
    update(filter) {
      const summary = summariseSales(cube, filter);
      const some = summary.totals.orders > 0;
      story.replaceChildren(...items(some ? salesStory(cube, summary) : []));
      story.hidden = !some;
      showKpis(kpis, summary);
      period.textContent = periodWords(filter, summary);
      for (const card of Object.values(cards)) card.show(some ? card.view(summary) : NO_ORDERS);
    },
  });
}

const meanings = {
  net_revenue: "Revenue",
  orders: "Orders",
  avg_order_value: "Average order value",
  items_per_order: "Items per order",
  previous_period: "Previous period",
  last_year: "Last year",
  moving_average: "Average of days",
  category_filter: "Categories",
  product_mix: "Product mix",
  discount_reason: "Discounts",
  sales_filters: "Filters",
};

function periodWords(filter: Filter, { before }: SalesSummary): string {
  const chosen =
    filter.from > filter.to
      ? "The first day is after the last one."
      : `Figures for ${rangeName(filter.from, filter.to)}`;
  if (filter.from > filter.to) return chosen;
  return before === undefined
    ? `${chosen}. The data of the selected stores does not cover the previous period, so no change is shown.`
    : `${chosen}, compared with ${rangeName(before.from, before.to)}.`;
}

function showKpis(
  kpis: Record<"net" | "orders" | "average" | "items", ReturnType<typeof kpi>>,
  summary: SalesSummary,
): void {
  const { totals, before, yearBefore, filter } = summary;
  const whole = !filter.categories?.length;
  const parts = partsOf(summary);
  /** The change of a figure and its course; `words` if there is no previous period. */
  const about = (value: (totals: DailyTotals) => number, words: string) => ({
    ...(before === undefined || totals.orders === 0
      ? { words: totals.orders === 0 ? "" : words }
      : {
          change: { now: value(totals), before: value(before.totals), against: "from the previous period" },
          // The previous period of a year is last year.
          ...(yearBefore &&
            summary.daily.length < 300 && {
              words: `${change(value(totals), value(yearBefore.totals))} from last year`,
            }),
        }),
    series: parts.map(value),
  });
  const itemsPerOrder = ({ items, orders }: DailyTotals) => items / orders;
  kpis.net.show(
    uahShort(totals.net),
    about(({ net }) => net, whole ? `${percent(totals.margin / totals.net)} margin` : ""),
  );
  kpis.orders.show(
    count(totals.orders),
    about(({ orders }) => orders, whole ? `${count(totals.refunded)} refunded` : ""),
  );
  kpis.average.show(uahExact(averageOrder(totals)), about(averageOrder, "net of discounts"));
  kpis.items.show(decimal(itemsPerOrder(totals)), about(itemsPerOrder, `${count(totals.items)} pieces`));
}

/** Adds the days up in at most thirty parts of equal length. Leaves out the first days if they do not fill a part. */
function partsOf({ daily }: SalesSummary): DailyTotals[] {
  const length = Math.ceil(daily.length / 30);
  const number = Math.floor(daily.length / Math.max(length, 1));
  const from = daily.length - number * length;
  const sum = (name: keyof DailyTotals, days: readonly DailyTotals[]) =>
    days.reduce((total, day) => total + day[name], 0);
  return Array.from({ length: number }, (_, i) => {
    const days = daily.slice(from + i * length, from + (i + 1) * length);
    return {
      orders: sum("orders", days),
      refunded: sum("refunded", days),
      items: sum("items", days),
      net: sum("net", days),
    };
  });
}
