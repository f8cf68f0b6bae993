import type { Customers, VisitGaps } from "../../customers/shape.ts";
import type { CustomersSummary } from "../../customers/summary.ts";
import { summaryCard } from "../card.ts";
import { retentionView, valueCurvesView } from "./cohorts.ts";
import { channelsView, gridView, leavingView, levelsView, segmentsView } from "./groups.ts";
import { activityView, ageView, gapsView, latelyView, valueView } from "./spreads.ts";
import { sharesView, tradeView } from "./trade.ts";

/** The charts about customers. */
export function customerCards(customers: Customers | undefined, gaps: VisitGaps | undefined) {
  const meanings = new Map(customers?.segments.map(({ name, meaning }) => [name, meaning]));
  const rates = new Map(customers?.levels.map(({ name, rate }) => [name, rate]));
  return {
    leaving: summaryCard("leaving-segments", "Who has left, by segment", "w7", leavingView),
    lately: summaryCard("left-by-month", "When those who left came last", "w5", latelyView),
    levels: summaryCard("levels", "Loyalty levels: discount, value and who stays", "w12", (summary: CustomersSummary) =>
      levelsView(summary, rates),
    ),
    segments: summaryCard("segments-compared", "Segments compared", "w7", (summary: CustomersSummary) =>
      segmentsView(summary, meanings),
    ),
    grid: summaryCard("recency-frequency", "Recency × frequency", "w5", gridView),
    value: summaryCard("lifetime-value", "Customers by lifetime value", "w5", valueView),
    curves: summaryCard(
      "value-by-cohort",
      "Value by months since registration, by year of registration",
      "w7",
      valueCurvesView,
    ),
    activity: summaryCard("activity", "Seen in the last 7, 30 and 90 days", "w5", activityView),
    gaps: summaryCard("visit-gaps", "Days between visits", "w7", (summary: CustomersSummary) =>
      gaps === undefined ? "The days between visits are missing." : gapsView(summary, gaps),
    ),
    retention: summaryCard("retention", "Retention by month of registration", "w12", retentionView),
    channels: summaryCard("channels", "How they came", "w5", channelsView),
    age: summaryCard("customer-age", "Customer age", "w7", ageView),
  };
}

/** The charts of registered against anonymous orders. */
export function tradeCards() {
  return {
    trade: summaryCard("registered", "Registered against anonymous", "w5", tradeView),
    shares: summaryCard("registered-share", "Share of registered customers in orders, by month", "w7", sharesView),
  };
}
