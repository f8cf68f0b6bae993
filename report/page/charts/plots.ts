import * as Plot from "@observablehq/plot";
import { hourName } from "../../format.ts";

/* The charts with axes. Colours are the theme's variables, so that a chart drawn in the light is right in the dark and in print. */

const SHADES = 7;

/** A chart for assistive technology is one picture: its words stand in the headline and the table. */
function picture(label: string, options: Plot.PlotOptions): SVGSVGElement {
  const svg = Plot.plot({
    style: { background: "none", color: "var(--soft)", fontFamily: "var(--sans)", fontSize: "12px" },
    ...options,
  }) as SVGSVGElement;
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  // Names of marks, which a group without a role may not have, and nobody hears within a picture.
  for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  return svg;
}

const tipStyle = { fill: "var(--card)", stroke: "var(--line)", fontSize: 12.5, fontWeight: 500 } as const;

/** The theme's shade for a part of the highest value, 0 to 1. */
export function shade(part: number): string {
  if (!(part > 0)) return "var(--h0)";
  return `var(--h${Math.min(SHADES - 1, Math.ceil(part * (SHADES - 1)))})`;
}

/** Legible on `shade(part)`. */
export function onShade(part: number): string {
  return part * (SHADES - 1) > 3 ? "var(--on-high)" : "var(--on-low)";
}

export interface HeatCell {
  readonly x: string | number;
  readonly y: string | number;
  readonly value: number;
  /** Written in the cell where it fits. */
  readonly text?: string;
  /** Written below that, smaller. */
  readonly note?: string;
  readonly tip: string;
}

export interface Heat {
  readonly label: string;
  readonly width: number;
  readonly cells: readonly HeatCell[];
  readonly xs: readonly (string | number)[];
  readonly ys: readonly (string | number)[];
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly rowHeight: number;
  readonly marginLeft: number;
  /** Value of the darkest shade. */
  readonly top: number;
  /** Which of `xs` and `ys` get a tick. */
  xTick?(x: string | number): string;
  yTick?(y: string | number): string;
}

/** A grid of shaded cells. */
export function heat({ label, width, cells, xs, ys, top, rowHeight, marginLeft, ...axes }: Heat): SVGSVGElement {
  const inner = (width - marginLeft) / xs.length;
  const dense = inner < 26 || rowHeight < 18;
  const marginTop = axes.xLabel === undefined ? 24 : 44;
  const noted = cells.some(({ note }) => note !== undefined);
  const part = (cell: HeatCell) => cell.value / top;
  const ticks = (values: readonly (string | number)[], tick: ((value: string | number) => string) | undefined) =>
    tick === undefined ? values : values.filter((value) => tick(value) !== "");
  return picture(label, {
    width,
    height: ys.length * rowHeight + marginTop + 14,
    marginLeft,
    marginRight: 0,
    marginTop,
    marginBottom: 14,
    x: { domain: xs, axis: null, padding: dense ? 0.03 : 0.06 },
    y: { domain: ys, axis: null, padding: dense ? 0.03 : 0.08 },
    marks: [
      Plot.axisX({
        anchor: "top",
        ticks: ticks(xs, axes.xTick) as never,
        tickFormat: (axes.xTick ?? String) as never,
        tickSize: 0,
        label: axes.xLabel ?? null,
        labelArrow: "none",
        labelAnchor: "center",
        labelOffset: 40,
      }),
      Plot.axisY({
        ticks: ticks(ys, axes.yTick) as never,
        tickFormat: (axes.yTick ?? String) as never,
        tickSize: 0,
        label: axes.yLabel ?? null,
        labelArrow: "none",
        labelAnchor: "center",
      }),
      Plot.cell(cells, { x: "x", y: "y", fill: (cell: HeatCell) => shade(part(cell)), rx: dense ? 1 : 3 }),
      dense
        ? null
        : Plot.text(cells, {
            x: "x",
            y: "y",
            text: (cell: HeatCell) => cell.text ?? "",
            fill: (cell: HeatCell) => onShade(part(cell)),
            fontSize: noted ? 17 : 11.5,
            fontWeight: noted ? 600 : 400,
            dy: noted ? -13 : 0,
            pointerEvents: "none",
          }),
      noted
        ? Plot.text(cells, {
            x: "x",
            y: "y",
            text: "note",
            fill: (cell: HeatCell) => onShade(part(cell)),
            fontSize: Math.min(11.5, inner / 6.4),
            dy: 12,
            pointerEvents: "none",
          })
        : null,
      Plot.tip(cells, Plot.pointer({ x: "x", y: "y", title: "tip", ...tipStyle })),
    ],
  });
}

export interface LinePoint {
  readonly day: string;
  readonly value: number;
  readonly average: number;
}

/** Days as a thin line, their moving average as a strong one, the highest day named. */
export function dailyLine(
  label: string,
  width: number,
  points: readonly LinePoint[],
  write: { value(kopiykas: number): string; tip(point: LinePoint): string; best: string },
): SVGSVGElement {
  const at = ({ day }: LinePoint) => new Date(day);
  const best = points.reduce((top, point) => (point.value > top.value ? point : top), points[0] as LinePoint);
  const averaged = points.filter(({ average }) => Number.isFinite(average));
  const late = points.indexOf(best) > points.length / 2;
  return picture(label, {
    width,
    height: Math.max(240, Math.min(340, width * 0.32)),
    marginLeft: 52,
    marginRight: 12,
    marginTop: 28,
    x: { type: "utc", label: null },
    y: { label: null, grid: false, tickFormat: write.value, ticks: 5, nice: true, zero: true },
    marks: [
      Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      Plot.ruleY([0], { stroke: "var(--faint)" }),
      points.length < 45
        ? Plot.rectY(points, { x: at, y: "value", interval: "day", fill: "var(--accent-soft)", inset: 1 })
        : Plot.lineY(points, { x: at, y: "value", stroke: "var(--faint)", strokeWidth: 1 }),
      Plot.lineY(averaged, { x: at, y: "average", stroke: "var(--accent)", strokeWidth: 2.6, curve: "monotone-x" }),
      Plot.dot([best], { x: at, y: "value", r: 3.5, fill: "var(--ink)" }),
      Plot.text([best], {
        x: at,
        y: "value",
        text: () => write.best,
        textAnchor: late ? "end" : "start",
        dx: late ? -8 : 8,
        dy: -8,
        fill: "var(--ink)",
        fontWeight: 600,
      }),
      Plot.tip(points, Plot.pointerX({ x: at, y: "value", title: write.tip, ...tipStyle })),
    ],
  });
}

export interface Column {
  readonly name: string;
  readonly value: number;
  readonly tip: string;
  /** Written over the column. */
  readonly text?: string;
  readonly fill?: string;
}

/** Upright columns over words in their order: a histogram's buckets, months. */
export function columns(
  label: string,
  width: number,
  data: readonly Column[],
  options: { readonly height?: number; readonly xLabel?: string; tick?(name: string): string } = {},
): SVGSVGElement {
  const roomy = width / Math.max(data.length, 1) > 30;
  const names = data.map(({ name }) => name);
  return picture(label, {
    width,
    height: options.height ?? 240,
    marginLeft: 8,
    marginRight: 8,
    marginTop: 22,
    marginBottom: options.xLabel === undefined ? 26 : 38,
    x: { domain: names, axis: null, padding: 0.14 },
    y: { axis: null, domain: [0, Math.max(1e-9, ...data.map(({ value }) => value))] },
    marks: [
      Plot.axisX({
        ticks: (options.tick === undefined ? names : names.filter((name) => options.tick?.(name) !== "")) as never,
        tickFormat: (options.tick ?? String) as never,
        tickSize: 0,
        label: options.xLabel ?? null,
        labelArrow: "none",
        labelAnchor: "center",
        labelOffset: 36,
      }),
      Plot.barY(data, { x: "name", y: "value", fill: (column: Column) => column.fill ?? "var(--accent)", rx: 2 }),
      Plot.ruleY([0], { stroke: "var(--faint)" }),
      roomy
        ? Plot.text(data, {
            x: "name",
            y: "value",
            text: (column: Column) => column.text ?? "",
            dy: -8,
            fill: "var(--ink)",
          })
        : null,
      Plot.tip(data, Plot.pointerX({ x: "name", y: "value", title: "tip", ...tipStyle })),
    ],
  });
}

export interface Curve {
  readonly name: string;
  readonly color: string;
  readonly points: readonly { readonly x: number | Date; readonly y: number; readonly tip: string }[];
}

/** Lines with their names at their ends. */
export function curves(
  label: string,
  width: number,
  data: readonly Curve[],
  options: { format(value: number): string; readonly xLabel?: string; readonly height?: number; readonly top?: number },
): SVGSVGElement {
  const points = data.flatMap(({ name, color, points }) => points.map((point) => ({ ...point, name, color })));
  const ends = data.flatMap(({ name, color, points }) => points.slice(-1).map((point) => ({ ...point, name, color })));
  return picture(label, {
    width,
    height: options.height ?? 280,
    marginLeft: 52,
    marginRight: 62,
    marginBottom: options.xLabel === undefined ? 26 : 42,
    x: {
      type: points[0]?.x instanceof Date ? "utc" : "linear",
      label: options.xLabel ?? null,
      labelArrow: "none",
      labelAnchor: "center",
      labelOffset: 36,
    },
    y: {
      label: null,
      tickFormat: options.format,
      ticks: 5,
      zero: true,
      ...(options.top === undefined ? {} : { domain: [0, options.top] }),
    },
    marks: [
      Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      Plot.lineY(points, { x: "x", y: "y", z: "name", stroke: "color", strokeWidth: 2.2 }),
      Plot.dot(ends, { x: "x", y: "y", r: 3, fill: "color" }),
      Plot.text(ends, { x: "x", y: "y", text: "name", dx: 8, textAnchor: "start", fill: "color", fontWeight: 600 }),
      Plot.tip(points, Plot.pointer({ x: "x", y: "y", title: "tip", ...tipStyle })),
    ],
  });
}

/** Ticks of hours that leave room: each second one where it is narrow. */
export function hourTick(width: number, hours: number): (hour: string | number) => string {
  const each = width / hours < 40 ? 2 : 1;
  return (hour) => (Number(hour) % each === 0 ? hourName(Number(hour)).slice(0, each === 1 ? 5 : 2) : "");
}
