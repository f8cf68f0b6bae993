import { averageOrder, type ProductTotals, type SalesSummary, type StoreTotals } from "../aggregate-sales.ts";
import { dayName, weekdays } from "../days.ts";
import { change, count, hourName, NONE, percent, rate, uah, uahShort } from "../format.ts";
import type { SalesCube } from "../shape.ts";
import * as story from "../story-sales.ts";
import { bars } from "./bars.ts";
import { type Card, card, type View } from "./card.ts";
import { h } from "./dom.ts";
import { cityMap } from "./map.ts";
import { dailyLine, heat, hourTick } from "./plots.ts";

/** A card, and what it shows of a selection with orders; a sentence where it can show nothing. */
export interface SalesCard extends Card {
  view(summary: SalesSummary): View | string;
}

/** Categories keep their colours in every chart. */
export function categoryFill(categories: readonly string[]): (category: string) => string {
  return (category) => `var(--c${(categories.indexOf(category) % 5) + 1})`;
}

/** The charts of the sales page. @param chooseStore is what a click on a store does */
export function salesCards(cube: SalesCube, chooseStore: (name: string) => void) {
  const fill = categoryFill([...new Set(cube.products.map(({ category }) => category))].sort());
  return {
    daily: make("daily", "Revenue by day", "w12", (summary) => dailyView(summary)),
    hours: make("hours", "Orders by weekday and hour", "w12", (summary) => hoursView(cube, summary)),
    stores: make("stores-compared", "Stores compared", "w7", (summary) => storesView(cube, summary, chooseStore)),
    map: make("map", "Where they are", "w5", (summary) => mapView(cube, summary, chooseStore)),
    categories: make("categories", "Revenue by category", "w5", (summary) => categoriesView(summary, fill)),
    mixes: make("mixes", "What an order holds", "w7", (summary) => mixesView(cube, summary)),
    products: make("top-products", "Top products", "w12", (summary) => productsView(summary, fill)),
    discounts: make("discounts-given", "Discounts by reason", "w12", (summary) => discountsView(cube, summary)),
  };
}

function make(id: string, title: string, width: string, view: (summary: SalesSummary) => View | string): SalesCard {
  return { ...card(id, title, width), view };
}

function dailyView(summary: SalesSummary): View {
  const { daily } = summary;
  const length = daily.length > 120 ? 28 : 7;
  const points = daily.map(({ day, net, orders }, i) => {
    const window = daily.slice(Math.max(0, i - length + 1), i + 1);
    const average = window.length < length ? Number.NaN : window.reduce((sum, { net }) => sum + net, 0) / length;
    return { day, value: net, orders, average };
  });
  const best = points.reduce((top, point) => (point.value > top.value ? point : top));
  const headline = story.dailyHeadline(summary);
  return {
    headline,
    caption: `Each day, and ${points.length < length ? "no average of so few days" : `the average of the ${length} days up to it (strong line)`}.`,
    draw: (width) =>
      dailyLine(headline, width, points, {
        value: (kopiykas) => uahShort(kopiykas),
        tip: ({ day, value, average }) => `${dayName(day)}\n${uah(value)}\n${length}-day average ${uah(average)}`,
        best: `${dayName(best.day)}: ${uahShort(best.value)}`,
      }),
    table: {
      columns: [
        { name: "Day", kind: "day" },
        { name: "Revenue", kind: "money" },
        { name: `${length}-day average`, kind: "money" },
        { name: "Orders", kind: "count" },
      ],
      rows: points.map(({ day, value, average, orders }) => [day, value, average, orders]),
    },
  };
}

function hoursView(cube: SalesCube, summary: SalesSummary): View {
  const hours = Array.from({ length: cube.hours.count }, (_, i) => cube.hours.first + i);
  const cells = weekdays.flatMap((y, weekday) =>
    hours.map((x) => {
      const value = story.averageInHour(cube, summary, weekday, x);
      const orders = summary.ordersByHour[weekday * cube.hours.count + x - cube.hours.first] ?? 0;
      const tip = `${y} ${hourName(x)}–${hourName(x + 1)}\n${rate(value)} orders on average\n${count(orders)} in all`;
      return { x, y, value, orders, tip, text: value > 0 ? rate(value) : "" };
    }),
  );
  const headline = story.hoursHeadline(cube, summary);
  return {
    headline,
    caption: "Orders in one such hour, on average over the chosen days. Kyiv time.",
    draw: (width) =>
      heat({
        label: headline,
        width,
        cells,
        xs: hours,
        ys: weekdays,
        top: story.busiestHour(cube, summary).average,
        rowHeight: width < 500 ? 26 : 34,
        marginLeft: width < 500 ? 36 : 84,
        xTick: hourTick(width, hours.length),
        yTick: (day) => (width < 500 ? String(day).slice(0, 3) : String(day)),
      }),
    table: {
      columns: [
        { name: "Weekday", kind: "text" },
        { name: "Hour", kind: "text" },
        { name: "Orders on average", kind: "number" },
        { name: "Orders", kind: "count" },
      ],
      rows: cells.map(({ x, y, value, orders }) => [y, hourName(x), value, orders]),
    },
  };
}

function storesView(cube: SalesCube, summary: SalesSummary, choose: (name: string) => void): View {
  const rows = story.rankedStores(summary);
  const store = ({ store }: StoreTotals) => cube.stores[store] as SalesCube["stores"][number];
  const only = summary.filter.stores.length === 1;
  return {
    headline: story.storesHeadline(cube, summary),
    caption:
      "Under each name its orders a day; a click shows the store alone. Change is of revenue; new is what was not open for all of the period before.",
    draw: () =>
      bars<StoreTotals>({
        title: "Stores compared",
        head: "Store",
        rows,
        name: (row) => store(row).name,
        note: (row) => `${store(row).district} · ${rate(row.orders / row.days)} a day`,
        choose: {
          label: (row) => (only ? "Show all stores" : `Show only ${store(row).name}`),
          act: (row) => choose(store(row).name),
        },
        measures: [
          {
            name: "Revenue",
            value: ({ net }) => net,
            format: uahShort,
            bar: true,
          },
          { name: "Orders", value: ({ orders }) => orders, format: count, bar: true, fill: () => "var(--faint)" },
          { name: "Order value", value: averageOrder, format: uah },
          {
            name: "Change",
            value: ({ net, before }) => net / (before?.net ?? Number.NaN),
            format: String,
            text: ({ net, before }) =>
              before !== undefined ? change(net, before.net) : summary.before === undefined ? NONE : "new",
          },
        ],
      }),
    table: {
      columns: [
        { name: "Store", kind: "text" },
        { name: "District", kind: "text" },
        { name: "Revenue", kind: "money" },
        { name: "Orders", kind: "count" },
        { name: "Average order value", kind: "money" },
        { name: "Items per order", kind: "number" },
        { name: "Days with orders", kind: "count" },
        { name: "Orders a day", kind: "number" },
        { name: "Revenue of the period before", kind: "money" },
      ],
      rows: rows.map((row) => [
        store(row).name,
        store(row).district,
        row.net,
        row.orders,
        averageOrder(row),
        row.items / row.orders,
        row.days,
        row.orders / row.days,
        row.before?.net,
      ]),
    },
  };
}

function mapView(cube: SalesCube, summary: SalesSummary, choose: (name: string) => void): View {
  const rows = story
    .rankedStores(summary)
    .map((totals) => ({ ...totals, place: cube.stores[totals.store] as SalesCube["stores"][number] }));
  const busiest = [...rows].sort((a, b) => b.orders / b.days - a.orders / a.days)[0];
  const headline = `${busiest?.place.district}: the district with most orders a day, ${rate((busiest?.orders ?? 0) / (busiest?.days ?? 1))} at ${busiest?.place.name}`;
  return {
    headline,
    caption: "The larger the circle, the more revenue. A sketch, not a survey.",
    draw: (width) =>
      cityMap(
        headline,
        width,
        rows.map(({ place, net }, i) => ({
          name: place.name,
          longitude: place.longitude,
          latitude: place.latitude,
          value: net,
          text: `${uahShort(net)}`,
          strong: i === 0,
        })),
        choose,
      ),
    table: {
      columns: [
        { name: "Store", kind: "text" },
        { name: "District", kind: "text" },
        { name: "Address", kind: "text" },
        { name: "Latitude", kind: "text" },
        { name: "Longitude", kind: "text" },
        { name: "Revenue", kind: "money" },
        { name: "Orders a day", kind: "number" },
      ],
      rows: rows.map(({ place, net, orders, days }) => [
        place.name,
        place.district,
        place.address,
        place.latitude,
        place.longitude,
        net,
        orders / days,
      ]),
    },
  };
}

function categoriesView(summary: SalesSummary, fill: (category: string) => string): View {
  const rows = [...summary.categories].sort((a, b) => b.net - a.net);
  const share = ({ net }: ProductTotals) => net / summary.totals.net;
  return {
    headline: story.categoriesHeadline(summary),
    draw: () =>
      bars({
        title: "Revenue by category",
        head: "Category",
        rows,
        name: ({ name }) => name,
        note: ({ items }) => `${count(items)} pieces`,
        measures: [
          {
            name: "Revenue",
            value: ({ net }) => net,
            format: uahShort,
            bar: true,
            fill: ({ category }) => fill(category),
          },
          { name: "Share", value: share, format: percent },
          productChange,
        ],
      }),
    table: {
      columns: [
        { name: "Category", kind: "text" },
        { name: "Revenue", kind: "money" },
        { name: "Share of revenue", kind: "share" },
        { name: "Pieces", kind: "count" },
        { name: "Revenue of the period before", kind: "money" },
      ],
      rows: rows.map((row) => [row.name, row.net, share(row), row.items, row.netBefore]),
    },
  };
}

const productChange = {
  name: "Change",
  value: ({ net, netBefore }: ProductTotals) => net / (netBefore ?? Number.NaN),
  format: String,
  text: ({ net, netBefore }: ProductTotals) =>
    netBefore === undefined ? NONE : netBefore === 0 ? "new" : change(net, netBefore),
};

function productsView(summary: SalesSummary, fill: (category: string) => string): View {
  const rows = story.rankedProducts(summary);
  const legend = [...new Set(rows.map(({ category }) => category))].sort();
  return {
    headline: story.productsHeadline(summary),
    draw: () =>
      h(
        "div",
        {},
        h(
          "ul",
          { class: "legend" },
          ...legend.map((name) => h("li", {}, h("i", { style: `background:${fill(name)}` }), name)),
        ),
        bars({
          title: "Top products",
          head: "Product",
          rows,
          name: ({ name }) => name,
          measures: [
            {
              name: "Revenue",
              value: ({ net }) => net,
              format: uahShort,
              bar: true,
              fill: ({ category }) => fill(category),
            },
            { name: "Pieces", value: ({ items }) => items, format: count, bar: true, fill: () => "var(--faint)" },
            { name: "Share", value: ({ net }) => net / summary.totals.net, format: percent },
            productChange,
          ],
        }),
      ),
    table: {
      columns: [
        { name: "Product", kind: "text" },
        { name: "Category", kind: "text" },
        { name: "Revenue", kind: "money" },
        { name: "Share of revenue", kind: "share" },
        { name: "Pieces", kind: "count" },
        { name: "Revenue of the period before", kind: "money" },
      ],
      rows: rows.map((row) => [
        row.name,
        row.category,
        row.net,
        row.net / summary.totals.net,
        row.items,
        row.netBefore,
      ]),
    },
  };
}

function mixesView(cube: SalesCube, summary: SalesSummary): View {
  const rows = cube.mixes
    .map((mix, i) => ({ ...mix, orders: summary.mixes[i]?.orders ?? 0, net: summary.mixes[i]?.net ?? 0 }))
    .filter(({ orders }) => orders > 0)
    .sort((a, b) => b.orders - a.orders);
  const share = ({ orders }: { orders: number }) => orders / summary.totals.orders;
  const mixed = story.mixedShare(cube, summary);
  return {
    headline: story.mixHeadline(cube, summary),
    caption: `Mixed orders, of two or three categories, are the dark bars: ${percent(mixed)} of all.`,
    draw: () =>
      bars<(typeof rows)[number]>({
        title: "What an order holds",
        head: "Product mix",
        rows,
        name: ({ name }) => name,
        measures: [
          {
            name: "Share of orders",
            value: share,
            format: percent,
            bar: true,
            fill: ({ categories }) => (categories > 1 ? "var(--accent)" : "var(--faint)"),
          },
          { name: "Orders", value: ({ orders }) => orders, format: count },
          { name: "Revenue an order", value: ({ net, orders }) => net / orders, format: uah },
        ],
      }),
    table: {
      columns: [
        { name: "Product mix", kind: "text" },
        { name: "Categories", kind: "count" },
        { name: "Orders", kind: "count" },
        { name: "Share of orders", kind: "share" },
        { name: "Revenue", kind: "money" },
      ],
      rows: rows.map((row) => [row.name, row.categories, row.orders, share(row), row.net]),
    },
  };
}

function discountsView(cube: SalesCube, summary: SalesSummary): View | string {
  const { totals } = summary;
  const rows = cube.discountReasons
    .map((reason, i) => ({
      ...reason,
      orders: summary.reasons[i]?.orders ?? 0,
      discount: summary.reasons[i]?.discount ?? 0,
    }))
    .filter(({ orders }) => orders > 0)
    .sort((a, b) => b.discount - a.discount);
  if (rows.length === 0) return "No discount was given in this selection.";
  return {
    headline: story.discountsHeadline(summary),
    caption: `${count(totals.discounted)} of ${count(totals.orders)} orders had a discount, ${uah(totals.discount / totals.discounted)} each on average.`,
    draw: () =>
      bars({
        title: "Discounts by reason",
        head: "Reason",
        rows,
        name: ({ name }) => name,
        note: ({ kind }) => (kind === "loyalty" ? "loyalty level" : "promotion"),
        measures: [
          {
            name: "Given",
            value: ({ discount }) => discount,
            format: uahShort,
            bar: true,
            fill: ({ kind }) => (kind === "loyalty" ? "var(--c1)" : "var(--c2)"),
          },
          { name: "Orders", value: ({ orders }) => orders, format: count, bar: true, fill: () => "var(--faint)" },
          { name: "Share of all discounts", value: ({ discount }) => discount / totals.discount, format: percent },
          { name: "Discount an order", value: ({ discount, orders }) => discount / orders, format: uah },
        ],
      }),
    table: {
      columns: [
        { name: "Reason", kind: "text" },
        { name: "Kind", kind: "text" },
        { name: "Discount", kind: "money" },
        { name: "Orders", kind: "count" },
        { name: "Share of all discounts", kind: "share" },
      ],
      rows: rows.map((row) => [row.name, row.kind, row.discount, row.orders, row.discount / totals.discount]),
    },
  };
}
