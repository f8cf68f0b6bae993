import { shownValue, type Table, tableCsv } from "../table.ts";
import { h, words } from "./dom.ts";

/** What a card shows of one selection. */
export interface View {
  /** What the chart says, in a sentence. */
  readonly headline: string;
  /** Draws the chart for a width in pixels. Absent where the table is the chart. */
  draw(width: number): Node;
  readonly table: Table;
  /** A line below the chart: how to read it. */
  readonly caption?: string;
}

export interface Card {
  readonly element: HTMLElement;
  /** Shows a view, or says in a sentence why there is none. */
  show(view: View | string): void;
}

/** Cards whose chart is out of date and out of sight: they are drawn when they come near, and before the page is printed. */
const stale = new Map<Element, () => void>();

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) redraw(target);
  },
  { rootMargin: "50%" },
);

const resized = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) widths.get(target)?.(contentRect.width);
});
const widths = new Map<Element, (width: number) => void>();

addEventListener("beforeprint", () => {
  for (const element of [...stale.keys()]) redraw(element);
});

function redraw(element: Element): void {
  const draw = stale.get(element);
  stale.delete(element);
  draw?.();
}

/**
 * A chart with its heading, its headline, the table behind it and that table as CSV.
 * @param id names the card in the page and its download @param width a class of style/cards.css, such as w5, or ""
 */
export function card(id: string, title: string, width: string): Card {
  const headline = h("p", { class: "headline", id: `${id}-headline` });
  const chart = h("figure", {
    id: `${id}-chart`,
    "aria-labelledby": `${id}-title`,
    "aria-describedby": `${id}-headline`,
  });
  const table = h("div", {
    class: "scroll",
    id: `${id}-table`,
    tabindex: 0,
    role: "region",
    "aria-labelledby": `${id}-title`,
    hidden: true,
  });
  const caption = h("p", { class: "caption" });
  const asTable = h(
    "button",
    { type: "button", class: "plain", "aria-expanded": "false", "aria-controls": `${id}-table`, onclick: toggle },
    "Table",
  );
  const asCsv = h(
    "button",
    { type: "button", class: "plain", onclick: () => download(id, tableCsv(current.table)) },
    "CSV",
  );
  for (const button of [asTable, asCsv]) button.setAttribute("aria-label", `${button.textContent}: ${title}`);
  const element = h(
    "article",
    { class: `card ${width}`, id, "aria-labelledby": `${id}-title` },
    h("header", {}, h("h3", { id: `${id}-title` }, title), asTable, asCsv),
    headline,
    chart,
    table,
    caption,
  );
  let current: View = { headline: "", draw: () => h("span"), table: { columns: [], rows: [] } };
  let drawnWidth = 0;

  function toggle(): void {
    const open = table.hidden;
    table.hidden = !open;
    chart.hidden = open;
    asTable.setAttribute("aria-expanded", String(open));
    asTable.textContent = open ? "Chart" : "Table";
    asTable.setAttribute("aria-label", `${asTable.textContent}: ${title}`);
    if (open) table.replaceChildren(tableElement(current.table, title));
    else draw();
  }

  function draw(): void {
    if (chart.hidden) return;
    drawnWidth = chart.clientWidth;
    chart.replaceChildren(current.draw(drawnWidth || 600));
    // A table that is too wide for its card is read downwards.
    chart.querySelector(".bars")?.classList.toggle("stacked", chart.scrollWidth > chart.clientWidth);
  }

  widths.set(chart, (width) => {
    if (Math.abs(width - drawnWidth) > 1 && width > 0 && !stale.has(element) && drawnWidth > 0) draw();
  });
  resized.observe(chart);
  near.observe(element);

  return {
    element,
    show(view) {
      const empty = typeof view === "string";
      for (const button of [asTable, asCsv]) button.hidden = empty;
      headline.hidden = empty;
      caption.hidden = empty || view.caption === undefined;
      if (empty) {
        stale.delete(element);
        table.hidden = true;
        chart.hidden = false;
        chart.replaceChildren(h("p", { class: "note", role: "status" }, view));
        return;
      }
      current = view;
      headline.replaceChildren(words(view.headline));
      caption.replaceChildren(words(view.caption ?? ""));
      if (!table.hidden) table.replaceChildren(tableElement(view.table, title));
      asTable.setAttribute("aria-expanded", String(!table.hidden));
      if (inSight(element)) draw();
      else {
        stale.set(element, draw);
        // Observed anew, it reports at once where it stands.
        near.unobserve(element);
        near.observe(element);
      }
    },
  };
}

/** A card, and what it shows of a selection that is not empty; a sentence where it can show nothing. */
export interface SummaryCard<Summary> extends Card {
  view(summary: Summary): View | string;
}

export function summaryCard<Summary>(
  id: string,
  title: string,
  width: string,
  view: (summary: Summary) => View | string,
): SummaryCard<Summary> {
  return { ...card(id, title, width), view };
}

function inSight(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/** A table of figures, for reading. */
export function tableElement({ columns, rows }: Table, title: string): HTMLTableElement {
  const numeric = (kind: string) => (kind === "text" || kind === "day" ? undefined : "number");
  return h(
    "table",
    {},
    h("caption", { class: "sr" }, title),
    h(
      "thead",
      {},
      h("tr", {}, ...columns.map(({ name, kind }) => h("th", { scope: "col", class: numeric(kind) }, name))),
    ),
    h(
      "tbody",
      {},
      ...rows.map((row) =>
        h(
          "tr",
          {},
          ...row.map((value, i) => {
            const kind = columns[i]?.kind ?? "text";
            const attributes = { class: numeric(kind) };
            const text = shownValue(value, kind);
            return i === 0 ? h("th", { scope: "row" }, text) : h("td", attributes, text);
          }),
        ),
      ),
    ),
  );
}

function download(name: string, csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: "text/csv;charset=utf-8" }));
  h("a", { href: url, download: `${name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
