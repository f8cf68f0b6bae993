import { weekdays } from "../../days.ts";
import { count, hourName, rate } from "../../format.ts";
import type { SalesCube } from "../../sales/shape.ts";
import * as story from "../../sales/story.ts";
import type { SalesSummary } from "../../sales/summary.ts";
import type { View } from "../card.ts";
import { heat, hourTick } from "../charts/heat.ts";

/* A view of the hours of the week. */

export function hoursView(cube: SalesCube, summary: SalesSummary): View | string {
  if (summary.filter.categories?.length)
    return "Hours are known for whole orders only: choose all categories to see them.";
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
        top: story.highestAverage(cube, summary),
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
