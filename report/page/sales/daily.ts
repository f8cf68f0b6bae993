import { dayAt, dayName, daysBetween, weekdayOf, weekdays } from "../../days.ts";
import { count, tickShort, tickUah, uah, uahShort } from "../../format.ts";
import { type Course, type CoursePoint, courseOf, type DailyFigure } from "../../sales/course.ts";
import type { SalesCube, ShopEvent } from "../../sales/shape.ts";
import * as story from "../../sales/story.ts";
import type { SalesSummary } from "../../sales/summary.ts";
import type { View } from "../card.ts";
import { daily as dailyChart } from "../charts/daily.ts";
import { h } from "../dom.ts";

/* Views of a figure day by day. */

const figures = {
  net: { name: "Revenue", headline: story.dailyHeadline, value: uah, short: uahShort, tick: tickUah, kind: "money" },
  orders: {
    name: "Orders",
    headline: story.dailyOrdersHeadline,
    value: (orders: number) => count(orders),
    short: (orders: number) => count(orders),
    tick: tickShort,
    kind: "count",
  },
} as const;

/** @param choose is called with the day that the reader clicks */
export function dailyView(
  cube: SalesCube,
  summary: SalesSummary,
  figure: DailyFigure,
  choose: (day: string) => void,
): View {
  const { name, headline: headlineOf, value, short, tick, kind } = figures[figure];
  const course = courseOf(summary, figure);
  const { length, points } = course;
  const best = points.reduce((top, point) => (point.value > top.value ? point : top));
  const headline = headlineOf(summary);
  const first = points[0]?.day ?? "";
  const last = points.at(-1)?.day ?? "";
  const events = eventsIn(cube, summary, first, last);
  const eventsOn = (day: string) => events.filter(({ from, to }) => from <= day && day <= to).map(({ name }) => name);
  const lines = (point: CoursePoint) => [
    `${weekdays[weekdayOf(point.day)]}, ${dayName(point.day)}`,
    value(point.value),
    Number.isFinite(point.average) && `${length}-day average ${value(point.average)}`,
    Number.isFinite(point.yearBefore) && `52 weeks before ${value(point.yearBefore)}`,
    ...eventsOn(point.day),
  ];
  return {
    headline,
    caption: captionOf(name, course),
    draw: (width) =>
      h(
        "div",
        {},
        legend(course, events),
        dailyChart({
          label: headline,
          width,
          points,
          events,
          choose,
          words: {
            value: tick,
            tip: (point) => lines(point).filter(Boolean).join("\n"),
            best: `${dayName(best.day)}: ${short(best.value)}`,
            tick: (day) => dayName(day).slice(0, -5),
          },
        }),
      ),
    table: {
      columns: [
        { name: "Day", kind: "day" },
        { name, kind },
        { name: `${length}-day average`, kind: kind === "money" ? kind : "number" },
        { name: `${name}, 52 weeks before`, kind },
        { name: "Events", kind: "text" },
      ],
      rows: points.map(({ day, value, average, yearBefore }) => [
        day,
        value,
        average,
        yearBefore,
        eventsOn(day).join("; "),
      ]),
      choose: {
        label: (row) => (first === last ? "Show other days too" : `Show only ${dayName(String(row[0]))}`),
        act: (row) => choose(String(row[0])),
      },
    },
  };
}

/** The events of the days and stores that are shown. */
function eventsIn(cube: SalesCube, { filter }: SalesSummary, first: string, last: string) {
  const [from, to] = [daysBetween(cube.days.first, first), daysBetween(cube.days.first, last)];
  const concerns = ({ store }: ShopEvent) =>
    store === undefined || filter.stores.length === 0 || filter.stores.includes(cube.stores[store]?.name ?? "");
  return cube.events
    .filter((event) => event.from <= to && event.to >= from && concerns(event))
    .map((event) => ({
      name: event.name,
      from: dayAt(cube.days.first, Math.max(event.from, from)),
      to: dayAt(cube.days.first, Math.min(event.to, to)),
      days: event.to - event.from + 1,
      kind: event.kind,
    }));
}

function captionOf(name: string, { length, points }: Course): string {
  const averaged = points.filter(({ average }) => Number.isFinite(average)).length > 1;
  const before = points.filter(({ averageBefore }) => Number.isFinite(averageBefore)).length > 1;
  return [
    `${name} of each day${averaged ? `; the strong line averages the ${length} days up to it` : ""}.`,
    before ? "The dashed line is the same average 52 weeks earlier." : "",
    points.length === 1 ? "Click it to see other days too." : "Click a day to see it alone.",
  ]
    .filter(Boolean)
    .join(" ");
}

function legend({ points }: Course, events: readonly { readonly kind: string }[]): HTMLElement {
  const some = (promotion: boolean) => events.some(({ kind }) => (kind === "promotion") === promotion);
  const entries = [
    some(false) && { name: "Events", color: "var(--c3)" },
    some(true) && { name: "Promotions", color: "var(--c2)" },
  ].filter((entry) => entry !== false);
  const element = h(
    "ul",
    { class: "legend" },
    ...entries.map(({ name, color }) => h("li", {}, h("i", { style: `background:${color}` }), name)),
  );
  element.hidden = entries.length === 0 || points.length === 0;
  return element;
}
