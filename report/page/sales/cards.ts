import type { SalesCube } from "../../sales/shape.ts";
import type { SalesSummary } from "../../sales/summary.ts";
import { summaryCard } from "../card.ts";
import { categoriesView, categoryFill, discountsView, mixesView, productsView } from "./products.ts";
import { mapView, storesView } from "./stores.ts";
import { dailyView, hoursView } from "./times.ts";

/** Makes the charts of the sales page. @param chooseStore is called when the reader clicks a store */
export function salesCards(cube: SalesCube, chooseStore: (name: string) => void) {
  const fill = categoryFill([...new Set(cube.products.map(({ category }) => category))].sort());
  return {
    daily: summaryCard("daily", "Revenue by day", "w12", dailyView),
    hours: summaryCard("hours", "Orders by weekday and hour", "w12", (summary: SalesSummary) =>
      hoursView(cube, summary),
    ),
    stores: summaryCard("stores-compared", "Stores compared", "w7", (summary: SalesSummary) =>
      storesView(cube, summary, chooseStore),
    ),
    map: summaryCard("map", "Stores on the map", "w5", (summary: SalesSummary) => mapView(cube, summary, chooseStore)),
    categories: summaryCard("categories", "Revenue by category", "", (summary: SalesSummary) =>
      categoriesView(summary, fill),
    ),
    mixes: summaryCard("mixes", "Categories in an order", "", (summary: SalesSummary) => mixesView(cube, summary)),
    products: summaryCard("top-products", "Top products", "w7", (summary: SalesSummary) => productsView(summary, fill)),
    discounts: summaryCard("discounts-given", "Discounts by reason", "w12", (summary: SalesSummary) =>
      discountsView(cube, summary),
    ),
  };
}
