import * as Plot from "@observablehq/plot";
import { halo, picture, tipStyle } from "./picture.ts";

export interface Curve {
  readonly name: string;
  readonly color: string;
  readonly points: readonly { readonly x: number | Date; readonly y: number; readonly tip: string }[];
}

/** Draws lines with their names at their ends. */
export function curves(
  label: string,
  width: number,
  data: readonly Curve[],
  options: {
    format(value: number): string;
    readonly xLabel?: string;
    readonly height?: number;
    /** The least distance of two labels of the y axis, so that their texts differ. */
    readonly step?: number;
  },
): SVGSVGElement {
  const points = data.flatMap(({ name, color, points }) => points.map((point) => ({ ...point, name, color })));
  const ends = data.flatMap(({ name, color, points }) => points.slice(-1).map((point) => ({ ...point, name, color })));
  const top = Math.max(0, ...points.map(({ y }) => y));
  const ticks = options.step === undefined ? 5 : Math.max(1, Math.min(5, Math.floor(top / options.step)));
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
      ...wholeTicks(points),
    },
    y: { label: null, tickFormat: options.format, tickSize: 0, ticks, zero: true },
    marks: [
      Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks }),
      Plot.lineY(points, { x: "x", y: "y", z: "name", stroke: "color", strokeWidth: 2.2 }),
      Plot.dot(ends, { x: "x", y: "y", r: 3, fill: "color" }),
      Plot.text(ends, {
        x: "x",
        y: "y",
        text: "name",
        dx: 8,
        textAnchor: "start",
        fill: "color",
        fontWeight: 600,
        ...halo,
      }),
      Plot.tip(points, Plot.pointer({ x: "x", y: "y", title: "tip", ...tipStyle })),
    ],
  });
}

/** Ticks of the x axis for a few months only: there is no half a month, and no week between them. */
function wholeTicks(points: readonly { readonly x: number | Date }[]): { ticks?: number | "month" } {
  const places = new Set(points.map(({ x }) => Number(x))).size;
  if (places > 8) return {};
  return { ticks: points[0]?.x instanceof Date ? "month" : Math.max(1, places - 1) };
}
