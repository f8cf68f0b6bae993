import { change, count, NONE, percent, uahExact, uahShort } from "../../format.ts";
import type { SalesCube } from "../../sales/shape.ts";
import * as story from "../../sales/story.ts";
import type { ProductTotals, SalesSummary } from "../../sales/summary.ts";
import type { View } from "../card.ts";
import { bars } from "../charts/bars.ts";
import { h } from "../dom.ts";

/* Views of categories, products, mixes of categories, and discounts. */

/** Gives each category one colour for all charts. */
export function categoryFill(categories: readonly string[]): (category: string) => string {
  return (category) => `var(--c${(categories.indexOf(category) % 5) + 1})`;
}

export function categoriesView(
  summary: SalesSummary,
  fill: (category: string) => string,
  choose: (name: string) => void,
): View {
  const only = summary.filter.categories?.length === 1;
  const rows = summary.categories.filter(({ items }) => items > 0).sort((a, b) => b.net - a.net);
  const share = ({ net }: ProductTotals) => net / summary.totals.net;
  return {
    headline: story.categoriesHeadline(summary),
    caption: only ? "Click it to see all categories." : "Click a category to see it alone.",
    draw: () =>
      bars({
        title: "Revenue by category",
        head: "Category",
        rows,
        name: ({ name }) => name,
        note: ({ items }) => `${count(items)} pieces`,
        choose: {
          label: ({ name }) => (only ? "Show all categories" : `Show only ${name}`),
          act: ({ name }) => choose(name),
        },
        measures: [
          {
            name: "Revenue",
            value: ({ net }) => net,
            format: uahShort,
            bar: "strong",
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
        { name: "Revenue, previous period", kind: "money" },
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

export function productsView(summary: SalesSummary, fill: (category: string) => string): View {
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
              bar: "strong",
              fill: ({ category }) => fill(category),
            },
            { name: "Pieces", value: ({ items }) => items, format: count, bar: "faint" },
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
        { name: "Revenue, previous period", kind: "money" },
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

export function mixesView(cube: SalesCube, summary: SalesSummary): View {
  const rows = cube.mixes
    .map((mix, i) => ({ ...mix, orders: summary.mixes[i]?.orders ?? 0, net: summary.mixes[i]?.net ?? 0 }))
    .filter(({ orders }) => orders > 0)
    .sort((a, b) => b.orders - a.orders);
  const share = ({ orders }: { orders: number }) => orders / summary.totals.orders;
  const mixed = story.mixedShare(cube, summary);
  // The cube does not know what one category brings to an order of several.
  const whole = !summary.filter.categories?.length;
  const perOrder = whole ? "Revenue per order" : "Revenue per whole order";
  return {
    headline: story.mixHeadline(cube, summary),
    caption: `Strong bars: orders that mix two or three categories, ${percent(mixed)} of all.${whole ? "" : " Revenue is that of whole orders, with their products of all categories."}`,
    draw: () =>
      bars<(typeof rows)[number]>({
        title: "Categories in an order",
        head: "Product mix",
        rows,
        name: ({ name }) => name,
        measures: [
          {
            name: "Share of orders",
            value: share,
            format: percent,
            bar: "strong",
            fill: ({ categories }) => (categories > 1 ? "var(--accent)" : "var(--faint)"),
          },
          { name: perOrder, value: ({ net, orders }) => net / orders, format: uahExact },
        ],
      }),
    table: {
      columns: [
        { name: "Product mix", kind: "text" },
        { name: "Categories", kind: "count" },
        { name: "Orders", kind: "count" },
        { name: "Share of orders", kind: "share" },
        { name: whole ? "Revenue" : "Revenue of whole orders", kind: "money" },
        { name: perOrder, kind: "money" },
      ],
      rows: rows.map((row) => [row.name, row.categories, row.orders, share(row), row.net, row.net / row.orders]),
    },
  };
}

export function discountsView(cube: SalesCube, summary: SalesSummary): View | string {
  if (summary.filter.categories?.length)
    return "Discounts are given on whole orders: choose all categories to see them.";
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
    caption: `${count(totals.discounted)} of ${count(totals.orders)} orders had a discount, ${uahExact(totals.discount / totals.discounted)} on average.`,
    draw: () =>
      bars({
        title: "Discounts by reason",
        head: "Reason",
        rows,
        name: ({ name }) => name,
        note: ({ kind }) => (kind === "loyalty" ? "loyalty level" : "promotion"),
        measures: [
          {
            name: "Discount",
            value: ({ discount }) => discount,
            format: uahShort,
            bar: "strong",
            fill: ({ kind }) => (kind === "loyalty" ? "var(--c1)" : "var(--c2)"),
          },
          { name: "Orders", value: ({ orders }) => orders, format: count, bar: "faint" },
          { name: "Share of all discounts", value: ({ discount }) => discount / totals.discount, format: percent },
          { name: "Discount per order", value: ({ discount, orders }) => discount / orders, format: uahExact },
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
