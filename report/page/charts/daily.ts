import * as Plot from "@observablehq/plot";
import type { CoursePoint } from "../../sales/course.ts";
import { eventLanes, LANES, type LaneEvent } from "./event-lanes.ts";
import { axisBelow, halo, picture, tipStyle } from "./picture.ts";

export interface DailyWords {
  /** Label of the axis. */
  value(value: number): string;
  tip(point: CoursePoint): string;
  /** Written at the highest day. */
  readonly best: string;
  /** Label below a day, if there are few days. */
  tick(day: string): string;
}

export interface Daily {
  readonly label: string;
  readonly width: number;
  readonly points: readonly CoursePoint[];
  /** Events on these days; they may begin before and end after. */
  readonly events: readonly LaneEvent[];
  readonly words: DailyWords;
  /** Called with the day that the reader clicks. */
  choose(day: string): void;
}

/** From this many days on, a line replaces the columns. */
const COLUMNS = 45;

const HOUR = 3_600_000;

/** The margins beside the days, in pixels. */
const LEFT = 52;
const RIGHT = 12;

/**
 * Draws days as columns or as a thin line, with their moving average as a strong line, the average of a year before as a dashed one, a
 * label at the highest day, and the events above.
 */
export function daily({ label, width, points, events, words, choose }: Daily): SVGSVGElement {
  const few = points.length < COLUMNS;
  // A column stands over its whole day, so put its label and its dot at noon.
  const at = ({ day }: CoursePoint) => new Date(Date.parse(day) + (few ? 12 * HOUR : 0));
  const edge = (hours: number) => (point: CoursePoint) => new Date(at(point).getTime() + hours * HOUR);
  const best = points.reduce((top, point) => (point.value > top.value ? point : top), points[0] as CoursePoint);
  const late = points.indexOf(best) > points.length / 2;
  const each = Math.ceil((points.length * 64) / width);
  const known = (value: (point: CoursePoint) => number) => points.filter((point) => Number.isFinite(value(point)));
  const line = (name: "average" | "averageBefore", options: Plot.LineYOptions) => {
    const drawn = known((point) => point[name]);
    // A single average makes no line.
    return drawn.length < 2 ? null : Plot.lineY(drawn, { x: at, y: name, curve: "monotone-x", ...options });
  };
  const lanes = events.length > 0 ? LANES : 0;
  const svg = picture(label, {
    width,
    height: Math.max(220, Math.min(280, width * 0.32)) + lanes + 4,
    marginLeft: LEFT,
    marginRight: RIGHT,
    // The lanes lie within the frame, because a pointer in the margin finds no day.
    marginTop: 0,
    insetTop: 20 + lanes,
    x: { type: "utc", label: null, ...(few && { axis: null }) },
    y: { label: null, tickFormat: words.value, tickSize: 0, ticks: 5, nice: true, zero: true },
    marks: [
      Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      Plot.ruleY([0], { stroke: "var(--faint)" }),
      (_index, { x }, _channels, dimensions) =>
        eventLanes(events, x as unknown as (time: Date) => number, LEFT, dimensions.width - RIGHT),
      few
        ? axisBelow({
            ticks: points.filter((_, i) => i % each === 0).map(at),
            format: (noon) => words.tick(noon.toISOString().slice(0, 10)),
          })
        : null,
      few
        ? Plot.rectY(points, { x1: edge(-10.5), x2: edge(10.5), y: "value", fill: "var(--accent-soft)", rx: 2 })
        : Plot.lineY(points, { x: at, y: "value", stroke: "var(--faint)", strokeWidth: 1, strokeOpacity: 0.8 }),
      line("averageBefore", { stroke: "var(--soft)", strokeWidth: 1.4, strokeDasharray: "4 4" }),
      line("average", { stroke: "var(--accent)", strokeWidth: 2.6 }),
      Plot.dot([best], { x: at, y: "value", r: 3.5, fill: "var(--ink)" }),
      Plot.text([best], {
        x: at,
        y: "value",
        text: () => words.best,
        textAnchor: late ? "end" : "start",
        dx: late ? -8 : 8,
        dy: -8,
        fill: "var(--ink)",
        fontWeight: 600,
        ...halo,
      }),
      Plot.tip(points, Plot.pointerX({ x: at, y: "value", title: words.tip, ...tipStyle })),
    ],
  });
  svg.style.cursor = "pointer";
  svg.addEventListener("click", () => {
    const { value } = svg as unknown as { readonly value: CoursePoint | null };
    if (value !== null) choose(value.day);
  });
  return svg;
}
