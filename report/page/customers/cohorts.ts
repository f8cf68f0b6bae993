import * as story from "../../customers/story.ts";
import type { CustomersSummary } from "../../customers/summary.ts";
import { monthName } from "../../days.ts";
import { percentWhole, plural, tickUah, uah } from "../../format.ts";
import type { View } from "../card.ts";
import { curves } from "../charts/curves.ts";
import { heat, shadeLegend } from "../charts/heat.ts";
import { h } from "../dom.ts";

/* Views of cohorts: customers grouped by registration, followed from then on. */

/** Average revenue so far by months since registration, with a curve for each year of registration. */
export function valueCurvesView(summary: CustomersSummary): View | string {
  const drawn = summary.values.filter(({ points }) => points.length > 1);
  if (drawn.length === 0) return "No cohort is old enough for a curve.";
  const headline = story.curvesHeadline(summary);
  return {
    headline,
    caption:
      "Average revenue per customer since registration, at the prices of the time. Only complete months with at least five customers count.",
    draw: (width) =>
      curves(
        headline,
        width,
        drawn.map(({ year, points }, i) => ({
          name: year,
          color: `var(--c${(i % 5) + 1})`,
          points: points.map(({ month, value }) => ({
            x: month,
            y: value,
            tip: `Registered in ${year}\nafter ${plural(month, "month")}: ${uah(value)}`,
          })),
        })),
        { format: tickUah, xLabel: "Months since registration", height: 250 },
      ),
    table: {
      columns: [
        { name: "Registered in", kind: "text" },
        { name: "Customers", kind: "count" },
        { name: "Months since", kind: "count" },
        { name: "Revenue per customer so far", kind: "money" },
      ],
      rows: summary.values.flatMap(({ year, customers, points }) =>
        points.map(({ month, value }) => [year, customers, month, value]),
      ),
    },
  };
}

/** The share of each month's new customers who ordered in each month since. */
export function retentionView(summary: CustomersSummary): View | string {
  const cohorts = summary.cohorts.filter(({ retention }) => retention.length > 0);
  const longest = Math.max(...cohorts.map(({ retention }) => retention.length), 0);
  if (longest < 2) return "No cohort has completed its first month yet.";
  const cells = cohorts.flatMap(({ month, customers, retention }) =>
    retention.map((share, since) => ({
      x: since,
      y: month,
      value: share,
      text: percentWhole(share).replace("%", ""),
      tip: `Registered in ${monthName(month)} (${plural(customers, "customer")})\n${plural(since, "month")} later ${percentWhole(share)} ordered`,
    })),
  );
  const headline = story.retentionHeadline(summary);
  return {
    headline,
    caption: "Rows are months of registration, columns are months since then. Only complete months are shown.",
    draw: (width) => {
      const each = width < 500 ? 12 : 6;
      const rowHeight = Math.max(9, Math.min(28, 620 / cohorts.length));
      const cohortsHeat = heat({
        label: headline,
        width,
        cells,
        xs: Array.from({ length: longest }, (_, since) => since),
        ys: cohorts.map(({ month }) => month),
        top: 1,
        rowHeight,
        marginLeft: 64,
        xLabel: "Months since registration",
        xTick: (since) => (longest < 14 || Number(since) % each === 0 ? String(since) : ""),
        yTick: (month) => (rowHeight > 16 || /-(01|07)-/.test(String(month)) ? monthName(String(month)) : ""),
      });
      return h("div", {}, shadeLegend("Nobody", "everybody ordered"), cohortsHeat);
    },
    table: {
      columns: [
        { name: "Registered in", kind: "text" },
        { name: "Customers", kind: "count" },
        ...Array.from({ length: longest }, (_, since) => ({ name: `Month ${since}`, kind: "share" as const })),
      ],
      rows: cohorts.map(({ month, customers, retention }) => [
        month.slice(0, 7),
        customers,
        ...Array.from({ length: longest }, (_, since) => retention[since]),
      ]),
    },
  };
}
