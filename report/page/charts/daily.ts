import * as Plot from "@observablehq/plot";
import { axisBelow, halo, picture, tipStyle } from "./picture.ts";

export interface DailyPoint {
  readonly day: string;
  readonly value: number;
  /** Moving average up to this day; NaN if too few days come before it. */
  readonly average: number;
}

export interface DailyWords {
  value(value: number): string;
  tip(point: DailyPoint): string;
  /** Written at the highest day. */
  readonly best: string;
  /** Label below a day, if there are few days. */
  tick(day: string): string;
}

/** From this many days on, a line replaces the columns. */
const COLUMNS = 45;

const HOUR = 3_600_000;

/** Draws days as columns or as a thin line, with their moving average as a strong line and a label at the highest day. */
export function daily(label: string, width: number, points: readonly DailyPoint[], words: DailyWords): SVGSVGElement {
  const few = points.length < COLUMNS;
  // A column stands over its whole day, so put its label and its dot at noon.
  const at = ({ day }: DailyPoint) => new Date(Date.parse(day) + (few ? 12 * HOUR : 0));
  const edge = (hours: number) => (point: DailyPoint) => new Date(at(point).getTime() + hours * HOUR);
  const best = points.reduce((top, point) => (point.value > top.value ? point : top), points[0] as DailyPoint);
  const averaged = points.filter(({ average }) => Number.isFinite(average));
  const late = points.indexOf(best) > points.length / 2;
  const each = Math.ceil((points.length * 64) / width);
  return picture(label, {
    width,
    height: Math.max(220, Math.min(280, width * 0.32)),
    marginLeft: 52,
    marginRight: 12,
    marginTop: 16,
    x: { type: "utc", label: null, ...(few && { axis: null }) },
    y: { label: null, tickFormat: words.value, tickSize: 0, ticks: 5, nice: true, zero: true },
    marks: [
      Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      Plot.ruleY([0], { stroke: "var(--faint)" }),
      few
        ? axisBelow({
            ticks: points.filter((_, i) => i % each === 0).map(at),
            format: (noon) => words.tick(noon.toISOString().slice(0, 10)),
          })
        : null,
      few
        ? Plot.rectY(points, { x1: edge(-10.5), x2: edge(10.5), y: "value", fill: "var(--accent-soft)", rx: 2 })
        : Plot.lineY(points, { x: at, y: "value", stroke: "var(--faint)", strokeWidth: 1, strokeOpacity: 0.8 }),
      // One average alone makes no line.
      averaged.length < 2
        ? null
        : Plot.lineY(averaged, { x: at, y: "average", stroke: "var(--accent)", strokeWidth: 2.6, curve: "monotone-x" }),
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
}
