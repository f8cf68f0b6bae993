import * as Plot from "@observablehq/plot";
import { axisBelow, picture, tipStyle } from "./picture.ts";

export interface ChartColumn {
  readonly name: string;
  readonly value: number;
  readonly tip: string;
  /** Written over the column. */
  readonly text?: string;
  readonly fill?: string;
}

/** The greatest width of a column, however few there are. */
const WIDEST = 110;

/** Draws upright columns in the given order, for months or the buckets of a histogram. `tick` gives the label below a column, or "". */
export function columns(
  label: string,
  width: number,
  data: readonly ChartColumn[],
  options: { readonly height?: number; readonly xLabel?: string; tick?(name: string): string } = {},
): SVGSVGElement {
  const { height = 200, xLabel, tick = String } = options;
  const each = width / Math.max(data.length, 1);
  const names = data.map(({ name }) => name);
  const margin = 8 + Math.max(0, width - data.length * WIDEST) / 2;
  return picture(label, {
    width,
    height,
    marginLeft: margin,
    marginRight: margin,
    marginTop: 22,
    marginBottom: xLabel === undefined ? 26 : 38,
    x: { domain: names, axis: null, padding: 0.14 },
    y: { axis: null, domain: [0, Math.max(1e-9, ...data.map(({ value }) => value))] },
    marks: [
      axisBelow({ ticks: names.filter((name) => tick(name) !== ""), format: tick, label: xLabel }),
      Plot.barY(data, { x: "name", y: "value", fill: ({ fill }: ChartColumn) => fill ?? "var(--accent)", rx: 2 }),
      Plot.ruleY([0], { stroke: "var(--faint)" }),
      // Numbers over narrow columns would overlap.
      each > 30
        ? Plot.text(data, {
            x: "name",
            y: "value",
            text: ({ text }: ChartColumn) => text ?? "",
            dy: -8,
            fill: "var(--ink)",
          })
        : null,
      Plot.tip(data, Plot.pointerX({ x: "name", y: "value", title: "tip", ...tipStyle })),
    ],
  });
}
