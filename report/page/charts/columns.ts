import * as Plot from "@observablehq/plot";
import { axisBelow, picture, tipStyle } from "./picture.ts";

export interface Column {
  readonly name: string;
  readonly value: number;
  readonly tip: string;
  /** Written over the column. */
  readonly text?: string;
  readonly fill?: string;
}

/** A column is not wider, however few there are. */
const WIDEST = 110;

/** Upright columns over words in their order: a histogram's buckets, months. @param tick what is written below; nothing where "" */
export function columns(
  label: string,
  width: number,
  data: readonly Column[],
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
      Plot.barY(data, { x: "name", y: "value", fill: ({ fill }: Column) => fill ?? "var(--accent)", rx: 2 }),
      Plot.ruleY([0], { stroke: "var(--faint)" }),
      // Where the columns are narrow, the numbers would stand on each other.
      each > 30
        ? Plot.text(data, { x: "name", y: "value", text: ({ text }: Column) => text ?? "", dy: -8, fill: "var(--ink)" })
        : null,
      Plot.tip(data, Plot.pointerX({ x: "name", y: "value", title: "tip", ...tipStyle })),
    ],
  });
}
