import { change } from "../format.ts";
import { h, s } from "./dom.ts";

export interface Kpi {
  readonly element: HTMLElement;
  show(value: string, about?: About): void;
}

/** Shown under a figure: its change or a line of words, and a small curve. */
export interface About {
  readonly change?: { readonly now: number; readonly before: number; readonly against: string };
  readonly words?: string;
  readonly series?: readonly number[];
}

/** Makes a large figure, with its change from the previous period below it. */
export function kpi(id: string, title: string, width = "w3"): Kpi {
  const value = h("p", { class: "value" });
  const below = h("p", { class: "change" });
  const element = h(
    "div",
    { class: `kpi ${width}`, id, role: "group", "aria-labelledby": `${id}-title` },
    h("h3", { id: `${id}-title` }, title),
    value,
    below,
  );
  return {
    element,
    show(text, { change: by, words, series } = {}) {
      value.textContent = text;
      below.replaceChildren(
        by === undefined ? (words ?? "") : changeWords(by),
        by !== undefined && words !== undefined ? `, ${words}` : "",
      );
      element.querySelector("svg")?.remove();
      if (series !== undefined && series.length > 2) element.append(spark(series));
    },
  };
}

function changeWords({ now, before, against }: NonNullable<About["change"]>): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const by = change(now, before);
  const side = by.startsWith("+") ? "up" : by.startsWith("−") ? "down" : "";
  const arrow = { up: "▲ ", down: "▼ ", "": "" }[side];
  fragment.append(h("b", { class: side }, `${arrow}${by}`), ` ${against}`);
  return fragment;
}

/** Draws the figure's course over the period, without axes. */
function spark(series: readonly number[]): SVGElement {
  const [width, height] = [240, 40];
  const known = series.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const points = series.flatMap((value, i) => {
    if (!Number.isFinite(value)) return [];
    const y = height - 3 - ((value - low) / (high - low || 1)) * (height - 6);
    return [`${((i / (series.length - 1)) * width).toFixed(1)},${y.toFixed(1)}`];
  });
  return s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    s("polyline", {
      points: points.join(" "),
      style: "fill:none;stroke:var(--accent);stroke-width:1.8;vector-effect:non-scaling-stroke",
    }),
  );
}
