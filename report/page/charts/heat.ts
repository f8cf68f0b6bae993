import * as Plot from "@observablehq/plot";
import { hourName } from "../../format.ts";
import { h } from "../dom.ts";
import { picture, tipStyle } from "./picture.ts";

const SHADES = 7;

/** The theme's shade for a value. @param part of the highest value, 0 to 1 */
function shade(part: number): string {
  if (!(part > 0)) return "var(--h0)";
  return `var(--h${Math.min(SHADES - 1, Math.ceil(part * (SHADES - 1)))})`;
}

/** The text colour that is legible on `shade(part)`. */
function onShade(part: number): string {
  return part * (SHADES - 1) > 3 ? "var(--on-high)" : "var(--on-low)";
}

/** Makes the legend of the shades, with the meaning of the lightest and the darkest. */
export function shadeLegend(from: string, to: string): HTMLElement {
  const shades = Array.from({ length: SHADES }, (_, i) => h("i", { style: `background:var(--h${i})` }));
  return h("p", { class: "legend shades", "aria-hidden": "true" }, from, h("span", {}, ...shades), to);
}

export interface HeatCell {
  readonly x: string | number;
  readonly y: string | number;
  readonly value: number;
  /** Written in the cell if it fits. */
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
  /** Labels at `xs` and `ys`; "" leaves a label out. */
  xTick?(x: string | number): string;
  yTick?(y: string | number): string;
}

/** Draws a grid of shaded cells. */
export function heat({ label, width, cells, xs, ys, top, rowHeight, marginLeft, ...axes }: Heat): SVGSVGElement {
  const { xTick = String, yTick = String, xLabel, yLabel } = axes;
  const cellWidth = (width - marginLeft) / xs.length;
  const dense = cellWidth < 26 || rowHeight < 18;
  const marginTop = xLabel === undefined ? 24 : 44;
  const noted = cells.some(({ note }) => note !== undefined);
  const part = ({ value }: HeatCell) => value / top;
  const within = { x: "x", y: "y", fill: (cell: HeatCell) => onShade(part(cell)), pointerEvents: "none" } as const;
  return picture(label, {
    width,
    height: ys.length * rowHeight + marginTop + 4,
    marginLeft,
    marginRight: 0,
    marginTop,
    marginBottom: 4,
    x: { domain: xs, axis: null, padding: dense ? 0.03 : 0.06 },
    y: { domain: ys, axis: null, padding: dense ? 0.03 : 0.08 },
    marks: [
      Plot.axisX({ anchor: "top", labelOffset: 40, ...axis(xs, xTick, xLabel) }),
      Plot.axisY(axis(ys, yTick, yLabel)),
      Plot.cell(cells, { x: "x", y: "y", fill: (cell: HeatCell) => shade(part(cell)), rx: dense ? 1 : 3 }),
      dense
        ? null
        : Plot.text(cells, {
            ...within,
            text: ({ text }: HeatCell) => text ?? "",
            fontSize: noted ? 17 : 11.5,
            fontWeight: noted ? 600 : 400,
            dy: noted ? -13 : 0,
          }),
      noted ? Plot.text(cells, { ...within, text: "note", fontSize: Math.min(11.5, cellWidth / 6.4), dy: 12 }) : null,
      Plot.tip(cells, Plot.pointer({ x: "x", y: "y", title: "tip", ...tipStyle })),
    ],
  });
}

function axis(
  values: readonly (string | number)[],
  tick: (value: string | number) => string,
  label: string | undefined,
) {
  return {
    ticks: values.filter((value) => tick(value) !== "") as never,
    tickFormat: tick as never,
    tickSize: 0,
    label: label ?? null,
    labelArrow: "none",
    labelAnchor: "center",
  } as const;
}

/** Labels for hours: every second one if there is little room. */
export function hourTick(width: number, hours: number): (hour: string | number) => string {
  const each = width / hours < 40 ? 2 : 1;
  return (hour) => (Number(hour) % each === 0 ? hourName(Number(hour)).slice(0, each === 1 ? 5 : 2) : "");
}
