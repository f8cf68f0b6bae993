import { categoriesOf } from "../../sales/cell-values.ts";
import type { DailyFigure } from "../../sales/course.ts";
import type { SalesCube } from "../../sales/shape.ts";
import type { SalesSummary } from "../../sales/summary.ts";
import { summaryCard } from "../card.ts";
import { dailyView } from "./daily.ts";
import { categoriesView, categoryFill, discountsView, mixesView, productsView } from "./products.ts";
import { mapView, storesView } from "./stores.ts";
import { hoursView } from "./times.ts";

/** The filters that a click in a chart sets. */
export interface Choose {
  store(name: string): void;
  category(name: string): void;
  day(day: string): void;
}

/** Makes the charts of the sales page. */
export function salesCards(cube: SalesCube, choose: Choose) {
  const fill = categoryFill(categoriesOf(cube));
  const daily = (figure: DailyFigure) => (summary: SalesSummary) => dailyView(cube, summary, figure, choose.day);
  return {
    daily: summaryCard("daily", "Revenue by day", "w12", daily("net")),
    dailyOrders: summaryCard("daily-orders", "Orders by day", "w12", daily("orders")),
    hours: summaryCard("hours", "Orders by weekday and hour", "w12", (summary: SalesSummary) =>
      hoursView(cube, summary),
    ),
    stores: summaryCard("stores-compared", "Stores compared", "w7", (summary: SalesSummary) =>
      storesView(cube, summary, choose.store),
    ),
    map: summaryCard("map", "Stores on the map", "w5", (summary: SalesSummary) => mapView(cube, summary, choose.store)),
    categories: summaryCard("categories", "Revenue by category", "", (summary: SalesSummary) =>
      categoriesView(summary, fill, choose.category),
    ),
    mixes: summaryCard("mixes", "Categories in an order", "", (summary: SalesSummary) => mixesView(cube, summary)),
    products: summaryCard("top-products", "Top products", "w7", (summary: SalesSummary) => productsView(summary, fill)),
    discounts: summaryCard("discounts-given", "Discounts by reason", "w12", (summary: SalesSummary) =>
      discountsView(cube, summary),
    ),
  };
}
