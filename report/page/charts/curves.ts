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
  options: { format(value: number): string; readonly xLabel?: string; readonly height?: number },
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
    y: { label: null, tickFormat: options.format, tickSize: 0, ticks: 5, zero: true },
    marks: [
      Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
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
