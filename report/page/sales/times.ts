import { dayName, weekdayOf, weekdays } from "../../days.ts";
import { count, hourName, rate, uah, uahShort } from "../../format.ts";
import type { SalesCube } from "../../sales/shape.ts";
import * as story from "../../sales/story.ts";
import type { SalesSummary } from "../../sales/summary.ts";
import type { View } from "../card.ts";
import { daily as dailyChart } from "../charts/daily.ts";
import { heat, hourTick } from "../charts/heat.ts";

/* Views of sales by day, and by hour of the week. */

export function dailyView(summary: SalesSummary): View {
  const { daily } = summary;
  const length = daily.length > 120 ? 28 : 7;
  const points = daily.map(({ day, net, orders }, i) => {
    const window = daily.slice(Math.max(0, i - length + 1), i + 1);
    const average = window.length < length ? Number.NaN : window.reduce((sum, { net }) => sum + net, 0) / length;
    return { day, value: net, orders, average };
  });
  const best = points.reduce((top, point) => (point.value > top.value ? point : top));
  const headline = story.dailyHeadline(summary);
  return {
    headline,
    caption:
      points.length > length
        ? `Revenue of each day; the strong line averages the ${length} days up to it.`
        : "Revenue of each day.",
    draw: (width) =>
      dailyChart(headline, width, points, {
        value: (kopiykas) => uahShort(kopiykas),
        tip: ({ day, value, average }) =>
          `${weekdays[weekdayOf(day)]}, ${dayName(day)}\n${uah(value)}${Number.isFinite(average) ? `\n${length}-day average ${uah(average)}` : ""}`,
        best: `${dayName(best.day)}: ${uahShort(best.value)}`,
        tick: (day) => dayName(day).slice(0, -5),
      }),
    table: {
      columns: [
        { name: "Day", kind: "day" },
        { name: "Revenue", kind: "money" },
        { name: `${length}-day average`, kind: "money" },
        { name: "Orders", kind: "count" },
      ],
      rows: points.map(({ day, value, average, orders }) => [day, value, average, orders]),
    },
  };
}

export function hoursView(cube: SalesCube, summary: SalesSummary): View {
  const hours = Array.from({ length: cube.hours.count }, (_, i) => cube.hours.first + i);
  const cells = weekdays.flatMap((y, weekday) =>
    hours.map((x) => {
      const value = story.averageInHour(cube, summary, weekday, x);
      const orders = summary.ordersByHour[weekday * cube.hours.count + x - cube.hours.first] ?? 0;
      const tip = `${y} ${hourName(x)}–${hourName(x + 1)}\n${rate(value)} orders on average\n${count(orders)} in total`;
      return { x, y, value, orders, tip, text: value > 0 ? rate(value) : "" };
    }),
  );
  const headline = story.hoursHeadline(cube, summary);
  return {
    headline,
    caption: "Average orders in each hour of the chosen days, Kyiv time.",
    draw: (width) =>
      heat({
        label: headline,
        width,
        cells,
        xs: hours,
        ys: weekdays,
        top: story.busiestHour(cube, summary).average,
        rowHeight: width < 500 ? 26 : 34,
        marginLeft: width < 500 ? 36 : 84,
        xTick: hourTick(width, hours.length),
        yTick: (day) => (width < 500 ? String(day).slice(0, 3) : String(day)),
      }),
    table: {
      columns: [
        { name: "Weekday", kind: "text" },
        { name: "Hour", kind: "text" },
        { name: "Orders on average", kind: "number" },
        { name: "Orders", kind: "count" },
      ],
      rows: cells.map(({ x, y, value, orders }) => [y, hourName(x), value, orders]),
    },
  };
}
