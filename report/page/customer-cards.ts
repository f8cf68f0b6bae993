import { type CustomerGroup, type CustomersSummary, quantile, type TradeSummary } from "../aggregate-customers.ts";
import { averageOrder } from "../aggregate-sales.ts";
import { monthName } from "../days.ts";
import { count, percent, percentWhole, plural, rate, short, uah, uahShort } from "../format.ts";
import type { Customers, VisitGaps } from "../shape.ts";
import * as story from "../story-customers.ts";
import { bars } from "./bars.ts";
import { type Card, card, type View } from "./card.ts";
import { retentionView, valueCurvesView } from "./cohort-cards.ts";
import { h } from "./dom.ts";
import { columns, curves, heat } from "./plots.ts";

/** A card, and what it shows of a selection with customers; a sentence where it can show nothing. */
interface SummaryCard<Summary> extends Card {
  view(summary: Summary): View | string;
}

function make<Summary>(
  id: string,
  title: string,
  width: string,
  view: (summary: Summary) => View | string,
): SummaryCard<Summary> {
  return { ...card(id, title, width), view };
}

/** The charts about customers. */
export function customerCards(customers: Customers | undefined, gaps: VisitGaps | undefined) {
  const meanings = new Map(customers?.segments.map(({ name, meaning }) => [name, meaning]));
  const rates = new Map(customers?.levels.map(({ name, rate }) => [name, rate]));
  return {
    leaving: make("leaving-segments", "Who has left, by segment", "w7", leavingView),
    lately: make("left-by-month", "When those who left came last", "w5", latelyView),
    levels: make("levels", "Loyalty levels: discount, value and who stays", "w12", (summary: CustomersSummary) =>
      levelsView(summary, rates),
    ),
    segments: make("segments-compared", "Segments compared", "w7", (summary: CustomersSummary) =>
      segmentsView(summary, meanings),
    ),
    grid: make("recency-frequency", "Recency × frequency", "w5", gridView),
    value: make("lifetime-value", "Customers by lifetime value", "w5", valueView),
    curves: make(
      "value-by-cohort",
      "Value by months since registration, by year of registration",
      "w7",
      valueCurvesView,
    ),
    activity: make("activity", "Seen in the last 7, 30 and 90 days", "w5", activityView),
    gaps: make("visit-gaps", "Days between visits", "w7", (summary: CustomersSummary) =>
      gaps === undefined ? "The days between visits are missing." : gapsView(summary, gaps),
    ),
    retention: make("retention", "Retention by month of registration", "w12", retentionView),
    channels: make("channels", "How they came", "w5", channelsView),
    age: make("customer-age", "Customer age", "w7", ageView),
  };
}

/** The charts of registered against anonymous orders. */
export function tradeCards() {
  return {
    trade: make("registered", "Registered against anonymous", "w5", tradeView),
    shares: make("registered-share", "Share of registered customers in orders, by month", "w7", sharesView),
  };
}

const groupColumns = [
  { name: "Customers", kind: "count" },
  { name: "Revenue", kind: "money" },
  { name: "Revenue a customer", kind: "money" },
  { name: "Orders", kind: "count" },
  { name: "Active in 90 days", kind: "count" },
  { name: "Left", kind: "count" },
  { name: "Revenue of those who left", kind: "money" },
  { name: "Still come", kind: "share" },
] as const;

function groupRow(group: CustomerGroup) {
  const { customers, ltv, orders, active90, churned, churnedLtv } = group;
  return [customers, ltv, ltv / customers, orders, active90, churned, churnedLtv, 1 - story.churnRate(group)];
}

const some = ({ customers }: CustomerGroup) => customers > 0;

function leavingView(summary: CustomersSummary): View | string {
  const rows = summary.segments.filter(({ churned }) => churned > 0).sort((a, b) => b.churnedLtv - a.churnedLtv);
  if (rows.length === 0) return "Nobody in this selection has left.";
  return {
    headline: story.leavingHeadline(summary),
    caption: "Left: away for more than three times their own usual pause between visits.",
    draw: () =>
      bars<CustomerGroup>({
        title: "Who has left, by segment",
        head: "Segment",
        rows,
        name: ({ name }) => name,
        measures: [
          { name: "Had brought", value: ({ churnedLtv }) => churnedLtv, format: uahShort, bar: true },
          {
            name: "Customers who left",
            value: ({ churned }) => churned,
            format: count,
            bar: true,
            fill: () => "var(--faint)",
          },
          { name: "Of the segment", value: story.churnRate, format: percentWhole },
        ],
      }),
    table: {
      columns: [{ name: "Segment", kind: "text" }, ...groupColumns],
      rows: rows.map((row) => [row.name, ...groupRow(row)]),
    },
  };
}

function latelyView(summary: CustomersSummary): View | string {
  const months = summary.leftByMonth.slice(-24);
  if (months.length === 0) return "Nobody in this selection has left.";
  const headline = story.latelyHeadline(summary);
  // Then the last month is among the last three, and these are about the 90 days.
  const lately = summary.totals.leftLately > 0;
  return {
    headline,
    caption: `Customers who have left, by the month of their last order${months.length < summary.leftByMonth.length ? "; the last 24 months of it, the table has all" : ""}.`,
    draw: (width) =>
      columns(
        headline,
        width,
        months.map(({ month, customers, ltv }, i) => ({
          name: monthName(month),
          value: customers,
          text: count(customers),
          tip: `${monthName(month)}\n${plural(customers, "customer")}\nhad brought ${uah(ltv)}`,
          fill: lately && i >= months.length - 3 ? "var(--accent)" : "var(--faint)",
        })),
        { tick: (name) => (/^(Jan|May|Sep)/.test(name) || months.length < 8 ? name : "") },
      ),
    table: {
      columns: [
        { name: "Month of the last order", kind: "text" },
        { name: "Customers who left", kind: "count" },
        { name: "Had brought", kind: "money" },
      ],
      rows: summary.leftByMonth.map(({ month, customers, ltv }) => [month.slice(0, 7), customers, ltv]),
    },
  };
}

function levelsView(summary: CustomersSummary, rates: ReadonlyMap<string, number>): View {
  const rows = summary.levels.filter(some);
  return {
    headline: story.levelsHeadline(summary),
    draw: () =>
      bars<CustomerGroup>({
        title: "Loyalty levels",
        head: "Level",
        rows,
        name: ({ name }) => name,
        note: ({ name }) => `${rates.get(name)}% discount`,
        measures: [
          {
            name: "Customers",
            value: ({ customers }) => customers,
            format: count,
            bar: true,
            fill: () => "var(--faint)",
          },
          { name: "Revenue", value: ({ ltv }) => ltv, format: uahShort, bar: true },
          {
            name: "Still come",
            value: (group) => 1 - story.churnRate(group),
            format: percentWhole,
            bar: true,
            fill: () => "var(--c1)",
          },
          { name: "Each brought", value: ({ ltv, customers }) => ltv / customers, format: uah },
          { name: "Orders each", value: ({ orders, customers }) => orders / customers, format: rate },
        ],
      }),
    table: {
      columns: [{ name: "Level", kind: "text" }, { name: "Discount", kind: "share" }, ...groupColumns],
      rows: rows.map((row) => [row.name, (rates.get(row.name) ?? Number.NaN) / 100, ...groupRow(row)]),
    },
  };
}

function segmentsView(summary: CustomersSummary, meanings: ReadonlyMap<string, string>): View {
  const rows = summary.segments.filter(some);
  return {
    headline: story.segmentsHeadline(summary),
    draw: () =>
      bars<CustomerGroup>({
        title: "Segments",
        head: "Segment",
        rows,
        name: ({ name }) => name,
        note: ({ name }) => meanings.get(name) ?? "",
        measures: [
          {
            name: "Customers",
            value: ({ customers }) => customers,
            format: count,
            bar: true,
            fill: () => "var(--faint)",
          },
          { name: "Revenue", value: ({ ltv }) => ltv, format: uahShort, bar: true },
          { name: "Each", value: ({ ltv, customers }) => ltv / customers, format: uahShort },
        ],
      }),
    table: {
      columns: [{ name: "Segment", kind: "text" }, ...groupColumns, { name: "Meaning", kind: "text" }],
      rows: rows.map((row) => [row.name, ...groupRow(row), meanings.get(row.name)]),
    },
  };
}

function gridView(summary: CustomersSummary): View {
  const scores = [1, 2, 3, 4, 5];
  const cells = summary.grid.map((group, i) => {
    const [r, f] = [Math.floor(i / 5) + 1, (i % 5) + 1];
    const tip = `Recency ${r}, frequency ${f}: ${group.name}\n${plural(group.customers, "customer")}, ${count(group.churned)} left\nrevenue ${uah(group.ltv)}`;
    return {
      ...group,
      x: f,
      y: r,
      value: group.customers,
      text: count(group.customers),
      note: lines(group.name),
      tip,
    };
  });
  const headline = story.gridHeadline(summary);
  return {
    headline,
    caption:
      "Customers by score, 5 the best. Above came lately, on the right come often: good customers who are leaving are below on the right.",
    draw: (width) =>
      heat({
        label: headline,
        width,
        cells,
        xs: scores,
        ys: [...scores].reverse(),
        top: Math.max(...cells.map(({ value }) => value)),
        rowHeight: 92,
        marginLeft: 38,
        xLabel: "Frequency: how often",
        yLabel: "Recency: how lately",
      }),
    table: {
      columns: [
        { name: "Recency", kind: "text" },
        { name: "Frequency", kind: "text" },
        { name: "Segment", kind: "text" },
        ...groupColumns,
      ],
      rows: cells.map((cell) => [cell.y, cell.x, cell.name, ...groupRow(cell)]),
    },
  };
}

/** A name on lines of a word or two, for a narrow cell. */
function lines(name: string): string {
  return name.replace(/(\S{3,}) /, "$1\n");
}

/** Widths that buckets may have. */
const nice = [1, 2, 2.5, 5]
  .flatMap((digit) => Array.from({ length: 10 }, (_, power) => digit * 10 ** power))
  .sort((a, b) => a - b);

/** How many values lie in buckets of equal width from 0; the last one takes what lies beyond the 98th percentile. */
function histogram(ascending: Float64Array, least: number, buckets: number) {
  const most = Math.max(quantile(ascending, 0.98), least);
  const width = nice.find((one) => one >= least && most / one <= buckets) ?? most;
  const number = Math.max(1, Math.ceil(most / width));
  const counts = Array.from({ length: number + 1 }, () => 0);
  for (const value of ascending) {
    const i = Math.max(0, Math.min(number, Math.floor(value / width)));
    counts[i] = (counts[i] ?? 0) + 1;
  }
  return counts.map((customers, i) => ({ from: i * width, to: i === number ? undefined : (i + 1) * width, customers }));
}

function valueView(summary: CustomersSummary): View {
  const buckets = histogram(summary.ltvs, 100_00, 14).filter(({ to, customers }) => to !== undefined || customers > 0);
  const name = ({ from, to }: { from: number; to: number | undefined }) =>
    to === undefined ? `${uahShort(from)} +` : `${uahShort(from)}–${short(to / 100)}`;
  const headline = story.valueHeadline(summary);
  return {
    headline,
    caption: "Each column is a span of lifetime value; its height is how many customers have brought that much.",
    draw: (width) =>
      columns(
        headline,
        width,
        buckets.map((bucket, i) => ({
          name: name(bucket),
          value: bucket.customers,
          text: bucket.customers > 0 ? count(bucket.customers) : "",
          tip: `${name(bucket)}\n${plural(bucket.customers, "customer")}`,
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
      rows: buckets.map(({ from, to, customers }) => [from, to, customers]),
    },
  };
}

function ageView(summary: CustomersSummary): View {
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

function activityView(summary: CustomersSummary): View {
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
        title: "Seen in the last 7, 30 and 90 days",
        head: "Window",
        rows,
        name: ({ name }) => name,
        measures: [
          {
            name: "Customers",
            value: (row) => row.customers,
            format: count,
            bar: true,
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

function gapsView(summary: CustomersSummary, { buckets }: VisitGaps): View | string {
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
        // Where their names would stand on each other: 2 to 3 days is 2.
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

function channelsView(summary: CustomersSummary): View {
  const rows = summary.channels.filter(some).sort((a, b) => b.customers - a.customers);
  return {
    headline: story.channelsHeadline(summary),
    draw: () =>
      bars<CustomerGroup>({
        title: "How they came",
        head: "Channel",
        rows,
        name: ({ name }) => name,
        measures: [
          { name: "Customers", value: ({ customers }) => customers, format: count, bar: true },
          { name: "Each brought", value: ({ ltv, customers }) => ltv / customers, format: uahShort },
          { name: "Still come", value: (group) => 1 - story.churnRate(group), format: percentWhole },
        ],
      }),
    table: {
      columns: [{ name: "Channel", kind: "text" }, ...groupColumns],
      rows: rows.map((row) => [row.name, ...groupRow(row)]),
    },
  };
}

function tradeView(summary: TradeSummary): View {
  const { registered, anonymous } = summary;
  const rows = [
    { name: "Registered", ...registered },
    { name: "Anonymous", ...anonymous },
  ];
  const [orders, net] = [registered.orders + anonymous.orders, registered.net + anonymous.net];
  const fill = ({ name }: { name: string }) => (name === "Registered" ? "var(--accent)" : "var(--faint)");
  return {
    headline: story.tradeHeadline(summary),
    caption: "Orders of the chosen days, by the store and type of the order.",
    draw: () =>
      h(
        "div",
        {},
        bars<(typeof rows)[number]>({
          title: "Registered against anonymous",
          head: "Orders of",
          rows,
          name: ({ name }) => name,
          measures: [
            { name: "Orders", value: (row) => row.orders / orders, format: percent, bar: true, fill },
            { name: "Revenue", value: (row) => row.net / net, format: percent, bar: true, fill },
            { name: "Order value", value: averageOrder, format: uah },
          ],
        }),
      ),
    table: {
      columns: [
        { name: "Orders of", kind: "text" },
        { name: "Orders", kind: "count" },
        { name: "Share of orders", kind: "share" },
        { name: "Revenue", kind: "money" },
        { name: "Share of revenue", kind: "share" },
        { name: "Average order value", kind: "money" },
      ],
      rows: rows.map((row) => [row.name, row.orders, row.orders / orders, row.net, row.net / net, averageOrder(row)]),
    },
  };
}

function sharesView({ months }: TradeSummary): View {
  const share = ({ registered, anonymous }: TradeSummary["months"][number]) => registered / (registered + anonymous);
  const [first, last] = [months[0], months.at(-1)];
  const headline =
    first === undefined || last === undefined || first === last
      ? `${percentWhole(first === undefined ? Number.NaN : share(first))} of orders are of registered customers`
      : `From ${percentWhole(share(first))} of orders in ${monthName(first.month)} to ${percentWhole(share(last))} in ${monthName(last.month)}`;
  return {
    headline,
    draw: (width) =>
      curves(
        headline,
        width,
        [
          {
            name: percentWhole(last === undefined ? 0 : share(last)),
            color: "var(--accent)",
            points: months.map((month) => ({
              x: new Date(month.month),
              y: share(month),
              tip: `${monthName(month.month)}\n${percent(share(month))} registered\n${count(month.registered + month.anonymous)} orders`,
            })),
          },
        ],
        { format: percentWhole, height: 230 },
      ),
    table: {
      columns: [
        { name: "Month", kind: "text" },
        { name: "Orders of registered customers", kind: "count" },
        { name: "Anonymous orders", kind: "count" },
        { name: "Share of registered", kind: "share" },
      ],
      rows: months.map((month) => [month.month.slice(0, 7), month.registered, month.anonymous, share(month)]),
    },
  };
}
