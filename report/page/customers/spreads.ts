import { histogram } from "../../column-math.ts";
import type { VisitGaps } from "../../customers/shape.ts";
import * as story from "../../customers/story.ts";
import type { CustomersSummary } from "../../customers/summary.ts";
import { monthName } from "../../days.ts";
import { count, percent, percentWhole, plural, tickShort, tickUah, uah } from "../../format.ts";
import type { View } from "../card.ts";
import { bars } from "../charts/bars.ts";
import { columns } from "../charts/columns.ts";

/* Views of distributions: last orders, lifetime value, time since registration, activity, days between visits. */

export function latelyView(summary: CustomersSummary): View | string {
  const months = summary.leftByMonth.slice(-24);
  if (months.length === 0) return "Nobody in this selection has left.";
  const headline = story.latelyHeadline(summary);
  // Somebody left in the last 90 days, so the last three months of the chart are about those days: highlight them.
  const lately = summary.totals.leftLately > 0;
  const caption = [
    "Customers who left, by the month of their last order. The last months are low because it takes time to count as having left.",
    months.length < summary.leftByMonth.length && "The chart shows the last 24 months, the table all of them.",
    lately &&
      "To find the customers to contact, look in coffee_marts.flat_customer_metrics for is_churned and days_since_last_order below 90; dim_customer.marketing_opt_in says whom you may write to.",
  ];
  return {
    headline,
    caption: caption.filter(Boolean).join(" "),
    draw: (width) =>
      columns(
        headline,
        width,
        months.map(({ month, customers, ltv }, i) => ({
          name: monthName(month),
          value: customers,
          text: count(customers),
          tip: `${monthName(month)}\n${plural(customers, "customer")}\nrevenue ${uah(ltv)}`,
          fill: lately && i >= months.length - 3 ? "var(--accent)" : "var(--faint)",
        })),
        { tick: monthTick(width, months.length) },
      ),
    table: {
      columns: [
        { name: "Month of the last order", kind: "text" },
        { name: "Customers who left", kind: "count" },
        { name: "Revenue so far", kind: "money" },
      ],
      rows: summary.leftByMonth.map(({ month, customers, ltv }) => [month.slice(0, 7), customers, ltv]),
    },
  };
}

/** Picks the months that get a tick, so that the labels do not overlap. */
function monthTick(width: number, months: number): (name: string) => string {
  const room = width / months;
  if (room > 64) return String;
  return (name) => ((room * 4 > 64 ? /^(Jan|May|Sep)/ : /^Jan|^Jul/).test(name) ? name : "");
}

export function valueView(summary: CustomersSummary): View {
  const buckets = histogram(summary.ltvs, 100_00, 14).filter(({ to, count }) => to !== undefined || count > 0);
  const name = ({ from, to }: { from: number; to: number | undefined }) =>
    to === undefined ? `${tickUah(from)} +` : `${tickUah(from)}–${tickShort(to / 100)}`;
  const headline = story.valueHeadline(summary);
  return {
    headline,
    caption: "Each column counts the customers whose lifetime value falls in its range.",
    draw: (width) =>
      columns(
        headline,
        width,
        buckets.map((bucket, i) => ({
          name: name(bucket),
          value: bucket.count,
          text: bucket.count > 0 ? count(bucket.count) : "",
          tip: `${name(bucket)}\n${plural(bucket.count, "customer")}`,
          fill: i === buckets.length - 1 && bucket.to === undefined ? "var(--accent)" : "var(--h4)",
        })),
        {
          tick: (text) =>
            buckets.findIndex((bucket) => name(bucket) === text) % 3 === 0 ? (text.split("–")[0] ?? "") : "",
          xLabel: "Lifetime value from",
        },
      ),
    table: {
      columns: [
        { name: "Lifetime value from", kind: "money" },
        { name: "to", kind: "money" },
        { name: "Customers", kind: "count" },
      ],
      rows: buckets.map(({ from, to, count }) => [from, to, count]),
    },
  };
}

export function ageView(summary: CustomersSummary): View {
  const half = 365.25 / 2;
  const number = Math.floor((summary.ages.at(-1) ?? 0) / half) + 1;
  const counts = Array.from({ length: number }, () => 0);
  for (const age of summary.ages) counts[Math.floor(age / half)] = (counts[Math.floor(age / half)] ?? 0) + 1;
  const headline = story.ageHeadline(summary);
  const name = (i: number) => `${i / 2}–${(i + 1) / 2} years`;
  return {
    headline,
    caption: "Years from registration to the last day of orders.",
    draw: (width) =>
      columns(
        headline,
        width,
        counts.map((customers, i) => ({
          name: name(i),
          value: customers,
          text: count(customers),
          tip: `${name(i)}\n${plural(customers, "customer")}`,
          fill: "var(--h4)",
        })),
        {
          tick: (text) => (width > 560 ? text.replace(" years", "") : (/^\d+–/.exec(text)?.[0].slice(0, -1) ?? "")),
          xLabel: "Years since registration",
        },
      ),
    table: {
      columns: [
        { name: "Years since registration", kind: "text" },
        { name: "Customers", kind: "count" },
      ],
      rows: counts.map((customers, i) => [name(i), customers]),
    },
  };
}

export function activityView(summary: CustomersSummary): View {
  const { customers, active7, active30, active90 } = summary.totals;
  const rows = [
    { name: "7 days", customers: active7 },
    { name: "30 days", customers: active30 },
    { name: "90 days", customers: active90 },
    { name: "All customers", customers },
  ];
  return {
    headline: story.activityHeadline(summary),
    draw: () =>
      bars<(typeof rows)[number]>({
        title: "Active in the last 7, 30 and 90 days",
        head: "Window",
        rows,
        name: ({ name }) => name,
        measures: [
          {
            name: "Customers",
            value: (row) => row.customers,
            format: count,
            bar: "strong",
            fill: ({ name }) => (name.startsWith("All") ? "var(--faint)" : "var(--accent)"),
          },
          { name: "Share", value: (row) => row.customers / customers, format: percent },
        ],
      }),
    table: {
      columns: [
        { name: "Window", kind: "text" },
        { name: "Customers", kind: "count" },
        { name: "Share", kind: "share" },
      ],
      rows: rows.map((row) => [row.name, row.customers, row.customers / customers]),
    },
  };
}

export function gapsView(summary: CustomersSummary, { buckets }: VisitGaps): View | string {
  const sum = summary.gaps.reduce((total, number) => total + number, 0);
  if (sum === 0) return "Nobody in this selection came on two days.";
  const headline = story.gapsHeadline(summary, { buckets, gaps: [] });
  const firstDays = new Map(buckets.map(({ name, from }) => [name, String(from)]));
  return {
    headline,
    caption: `${story.repeatHeadline(summary)}.`,
    draw: (width) =>
      columns(
        headline,
        width,
        buckets.map(({ name }, i) => ({
          name,
          value: summary.gaps[i] ?? 0,
          text: percentWhole((summary.gaps[i] ?? 0) / sum),
          tip: `${name}\n${plural(summary.gaps[i] ?? 0, "return")}`,
          fill: "var(--h4)",
        })),
        // On a narrow screen names would overlap, so show first days: 2 for 2 to 3 days.
        width > 560 ? {} : { tick: (name) => firstDays.get(name) ?? "", xLabel: "Days, from" },
      ),
    table: {
      columns: [
        { name: "Days between visits", kind: "text" },
        { name: "Returns", kind: "count" },
        { name: "Share", kind: "share" },
      ],
      rows: buckets.map(({ name }, i) => [name, summary.gaps[i], (summary.gaps[i] ?? 0) / sum]),
    },
  };
}
