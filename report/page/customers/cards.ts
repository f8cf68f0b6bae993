import type { Customers, VisitGaps } from "../../customers/shape.ts";
import type { CustomersSummary } from "../../customers/summary.ts";
import { summaryCard } from "../card.ts";
import { retentionView, valueCurvesView } from "./cohorts.ts";
import { channelsView, gridView, leavingView, levelsView, segmentsView } from "./groups.ts";
import { activityView, ageView, gapsView, latelyView, valueView } from "./spreads.ts";
import { sharesView, tradeView } from "./trade.ts";

/** Makes the charts about customers. */
export function customerCards(customers: Customers | undefined, gaps: VisitGaps | undefined) {
  const meanings = new Map(customers?.segments.map(({ name, meaning }) => [name, meaning]));
  const rates = new Map(customers?.levels.map(({ name, rate }) => [name, rate]));
  return {
    leaving: summaryCard("leaving-segments", "Customers who left, by segment", "w7", leavingView),
    lately: summaryCard("left-by-month", "Customers who left, by last order", "w5", latelyView),
    levels: summaryCard("levels", "Loyalty levels", "w12", (summary: CustomersSummary) => levelsView(summary, rates)),
    segments: summaryCard("segments-compared", "Segments compared", "w7", (summary: CustomersSummary) =>
      segmentsView(summary, meanings),
    ),
    grid: summaryCard("recency-frequency", "Recency × frequency", "w5", gridView),
    value: summaryCard("lifetime-value", "Customers by lifetime value", "w5", valueView),
    curves: summaryCard("value-by-cohort", "Lifetime value by year of registration", "w7", valueCurvesView),
    activity: summaryCard("activity", "Active in the last 7, 30 and 90 days", "w5", activityView),
    gaps: summaryCard("visit-gaps", "Days between visits", "w7", (summary: CustomersSummary) =>
      gaps === undefined ? "The days between visits are missing." : gapsView(summary, gaps),
    ),
    retention: summaryCard("retention", "Retention by month of registration", "w12", retentionView),
    channels: summaryCard("channels", "Acquisition channels", "w5", channelsView),
    age: summaryCard("customer-age", "Time since registration", "w7", ageView),
  };
}

/** Makes the charts that compare registered and anonymous orders. */
export function tradeCards() {
  return {
    trade: summaryCard("registered", "Registered and anonymous orders", "w5", tradeView),
    shares: summaryCard("registered-share", "Registered share of orders, by month", "w7", sharesView),
  };
}
