import * as Plot from "@observablehq/plot";

/* Shared by the charts with axes. Colours are variables of the theme, so a chart drawn in light mode is right in dark mode and in print. */

/** Draws a chart that is one image to a screen reader: the headline and the table hold its content. */
export function picture(label: string, options: Plot.PlotOptions): SVGSVGElement {
  const svg = Plot.plot({
    style: { background: "none", color: "var(--soft)", fontFamily: "var(--sans)", fontSize: "12px" },
    ...options,
  }) as SVGSVGElement;
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  // Plot labels its groups of marks, which is invalid without a role, and within an image no screen reader reads it.
  for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  return svg;
}

/** The look of the tooltip. */
export const tipStyle = {
  fill: "var(--card)",
  stroke: "var(--faint)",
  fontSize: 12.5,
  fontWeight: 500,
  lineHeight: 1.35,
} as const;

/** Makes text stand out from lines that it crosses. */
export const halo = { stroke: "var(--card)", strokeWidth: 4 } as const;

/** Makes an axis below the chart, with its name in the middle. @param options.ticks the values that get a tick */
export function axisBelow<Value>(options: {
  readonly ticks: readonly Value[];
  readonly format: (value: Value) => string;
  readonly label?: string | undefined;
}) {
  return Plot.axisX({
    ticks: options.ticks as never,
    tickFormat: options.format as never,
    tickSize: 0,
    label: options.label ?? null,
    labelArrow: "none",
    labelAnchor: "center",
    labelOffset: 36,
  });
}
