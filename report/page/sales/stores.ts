import { change, count, NONE, rate, uahExact, uahShort } from "../../format.ts";
import type { SalesCube } from "../../sales/shape.ts";
import * as story from "../../sales/story.ts";
import { averageOrder, type SalesSummary, type StoreTotals } from "../../sales/summary.ts";
import type { View } from "../card.ts";
import { bars } from "../charts/bars.ts";
import { cityMap } from "../charts/map.ts";

/* Views of the stores, as a comparison and on the map. */

export function storesView(cube: SalesCube, summary: SalesSummary, choose: (name: string) => void): View {
  const rows = story.rankedStores(summary);
  const store = ({ store }: StoreTotals) => cube.stores[store] as SalesCube["stores"][number];
  const only = summary.filter.stores.length === 1;
  return {
    headline: story.storesHeadline(cube, summary),
    caption: `Click ${only ? "it to see all stores" : "a store to see it alone"}. Change compares revenue with the previous period; “new” means that the store was not open for all of it.`,
    draw: () =>
      bars<StoreTotals>({
        title: "Stores compared",
        head: "Store",
        rows,
        name: (row) => store(row).name,
        note: (row) => `${store(row).district} · ${rate(row.orders / row.days)} orders a day`,
        choose: {
          label: (row) => (only ? "Show all stores" : `Show only ${store(row).name}`),
          act: (row) => choose(store(row).name),
        },
        measures: [
          {
            name: "Revenue",
            value: ({ net }) => net,
            format: uahShort,
            bar: "strong",
          },
          { name: "Orders", value: ({ orders }) => orders, format: count, bar: "faint" },
          { name: "Order value", value: averageOrder, format: uahExact },
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
        { name: "Days, from its opening on", kind: "count" },
        { name: "Orders a day", kind: "number" },
        { name: "Revenue, previous period", kind: "money" },
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

export function mapView(cube: SalesCube, summary: SalesSummary, choose: (name: string) => void): View {
  const rows = story
    .rankedStores(summary)
    .map((totals) => ({ ...totals, place: cube.stores[totals.store] as SalesCube["stores"][number] }));
  const busiest = [...rows].sort((a, b) => b.orders / b.days - a.orders / a.days)[0];
  const where = `${busiest?.place.name} in ${busiest?.place.district}`;
  const headline = `${where}${rows.length > 1 ? " is the busiest store" : ""}: ${rate((busiest?.orders ?? 0) / (busiest?.days ?? 1))} orders a day`;
  return {
    headline,
    caption: "The area of a circle is the store's revenue. The map is a sketch.",
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
