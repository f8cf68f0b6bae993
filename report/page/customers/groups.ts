import * as story from "../../customers/story.ts";
import type { CustomerGroup, CustomersSummary } from "../../customers/summary.ts";
import { capital, count, percentWhole, plural, rate, uah, uahShort } from "../../format.ts";
import type { View } from "../card.ts";
import { bars, type Measure } from "../charts/bars.ts";
import { heat } from "../charts/heat.ts";

/* Views of customers by segment, score, loyalty level and channel. */

const groupColumns = [
  { name: "Customers", kind: "count" },
  { name: "Revenue", kind: "money" },
  { name: "Revenue per customer", kind: "money" },
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

/** The first two columns of bars in a comparison of groups. */
const sizeAndRevenue: readonly Measure<CustomerGroup>[] = [
  { name: "Customers", value: ({ customers }) => customers, format: count, bar: "faint" },
  { name: "Revenue", value: ({ ltv }) => ltv, format: uahShort, bar: "strong" },
];

const some = ({ customers }: CustomerGroup) => customers > 0;

export function leavingView(summary: CustomersSummary): View | string {
  const rows = summary.segments.filter(({ churned }) => churned > 0).sort((a, b) => b.churnedLtv - a.churnedLtv);
  if (rows.length === 0) return "Nobody in this selection has left.";
  return {
    headline: story.leavingHeadline(summary),
    caption:
      "A customer counts as having left after being away for more than four of their usual gaps, or for more than 90 days after one or two visits. Everybody with a recency score of 1 or 2 counts.",
    draw: () =>
      bars<CustomerGroup>({
        title: "Customers who left, by segment",
        head: "Segment",
        rows,
        name: ({ name }) => name,
        measures: [
          { name: "Revenue so far", value: ({ churnedLtv }) => churnedLtv, format: uahShort, bar: "strong" },
          {
            name: "Customers who left",
            value: ({ churned }) => churned,
            format: count,
            bar: "faint",
          },
          { name: "Share of segment", value: story.churnRate, format: percentWhole },
        ],
      }),
    table: {
      columns: [{ name: "Segment", kind: "text" }, ...groupColumns],
      rows: rows.map((row) => [row.name, ...groupRow(row)]),
    },
  };
}

export function levelsView(summary: CustomersSummary, rates: ReadonlyMap<string, number>): View {
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
          ...sizeAndRevenue,
          {
            name: "Still come",
            value: (group) => 1 - story.churnRate(group),
            format: percentWhole,
            bar: "strong",
            fill: () => "var(--c1)",
          },
          { name: "Revenue per customer", value: ({ ltv, customers }) => ltv / customers, format: uah },
          { name: "Orders per customer", value: ({ orders, customers }) => orders / customers, format: rate },
        ],
      }),
    table: {
      columns: [{ name: "Level", kind: "text" }, { name: "Discount", kind: "share" }, ...groupColumns],
      rows: rows.map((row) => [row.name, (rates.get(row.name) ?? Number.NaN) / 100, ...groupRow(row)]),
    },
  };
}

export function segmentsView(summary: CustomersSummary, meanings: ReadonlyMap<string, string>): View {
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
          ...sizeAndRevenue,
          { name: "Per customer", value: ({ ltv, customers }) => ltv / customers, format: uah },
        ],
      }),
    table: {
      columns: [{ name: "Segment", kind: "text" }, ...groupColumns, { name: "Meaning", kind: "text" }],
      rows: rows.map((row) => [row.name, ...groupRow(row), meanings.get(row.name)]),
    },
  };
}

export function gridView(summary: CustomersSummary): View {
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
      "Scores run from 1 to 5 (best). Recent customers are at the top, frequent ones on the right; good customers who stay away are at the bottom right.",
    draw: (width) =>
      heat({
        label: headline,
        width,
        cells,
        xs: scores,
        ys: [...scores].reverse(),
        top: Math.max(...cells.map(({ value }) => value)),
        rowHeight: width > 400 ? 106 : 92,
        marginLeft: 38,
        xLabel: "Frequency: how often they come",
        yLabel: "Recency: how recently they came",
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

/** Breaks a name into lines of a word or two, for a narrow cell. */
function lines(name: string): string {
  return name.replace(/(\S{3,}) /, "$1\n");
}

export function channelsView(summary: CustomersSummary): View {
  const rows = summary.channels.filter(some).sort((a, b) => b.customers - a.customers);
  return {
    headline: story.channelsHeadline(summary),
    draw: () =>
      bars<CustomerGroup>({
        title: "Acquisition channels",
        head: "Channel",
        rows,
        name: ({ name }) => capital(name),
        measures: [
          { name: "Customers", value: ({ customers }) => customers, format: count, bar: "strong" },
          { name: "Revenue per customer", value: ({ ltv, customers }) => ltv / customers, format: uah },
          { name: "Still come", value: (group) => 1 - story.churnRate(group), format: percentWhole },
        ],
      }),
    table: {
      columns: [{ name: "Channel", kind: "text" }, ...groupColumns],
      rows: rows.map((row) => [row.name, ...groupRow(row)]),
    },
  };
}
