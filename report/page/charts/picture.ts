import * as Plot from "@observablehq/plot";

/* What the charts with axes share. Colours are the theme's variables: a chart drawn in the light is right in the dark and in print. */

/** A chart for assistive technology is one picture: its words stand in the headline and the table. */
export function picture(label: string, options: Plot.PlotOptions): SVGSVGElement {
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

/** How the note at the pointer looks. */
export const tipStyle = {
  fill: "var(--card)",
  stroke: "var(--faint)",
  fontSize: 12.5,
  fontWeight: 500,
  lineHeight: 1.35,
} as const;

/** Words on a chart stand out from the lines that they cross. */
export const halo = { stroke: "var(--card)", strokeWidth: 4 } as const;

/** An axis below the chart whose name stands in its middle; some of its values get a tick. */
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
