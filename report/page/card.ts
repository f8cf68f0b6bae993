import { shownValue, type Table, tableCsv } from "../table.ts";
import { h, richText } from "./dom.ts";
import { drawInTime, onWidth } from "./drawing.ts";

/** The content of a card for one selection. */
export interface View {
  /** A sentence that says what the chart shows. */
  readonly headline: string;
  /** Draws the chart for a width in pixels. */
  draw(width: number): Node;
  readonly table: Table;
  /** A line below the chart that says how to read it. */
  readonly caption?: string;
}

export interface Card {
  readonly element: HTMLElement;
  /** Shows a view, or a sentence that says why there is none. */
  show(view: View | string): void;
}

/**
 * Makes a chart with heading and headline, and buttons that show its figures as a table and download them as CSV.
 * @param id of the card in the page, and name of the download @param width a class of style/cards.css, such as w5, or ""
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
  const asTable = h("button", {
    type: "button",
    class: "plain",
    "aria-controls": `${id}-table`,
    onclick: () => showTable(Boolean(table.hidden)),
  });
  const asCsv = h(
    "button",
    {
      type: "button",
      class: "plain",
      "aria-label": `CSV: ${title}`,
      onclick: () => view && download(id, tableCsv(view.table, isRaw())),
    },
    "CSV",
  );
  const element = h(
    "article",
    { class: `card ${width}`, id, "aria-labelledby": `${id}-title` },
    h("header", {}, h("h3", { id: `${id}-title` }, title), asTable, asCsv),
    headline,
    chart,
    table,
    caption,
  );
  /** The view that is shown; undefined while a sentence is shown instead. */
  let view: View | undefined;
  let drawnWidth = 0;

  /** Shows the table instead of the chart, or the chart again. */
  function showTable(open: boolean): void {
    table.hidden = !open;
    chart.hidden = open;
    asTable.setAttribute("aria-expanded", String(open));
    asTable.textContent = open ? "Chart" : "Table";
    asTable.setAttribute("aria-label", `${asTable.textContent}: ${title}`);
    draw();
  }

  function draw(): void {
    if (view === undefined) return;
    if (!table.hidden) {
      table.replaceChildren(tableElement(view.table, title));
      return;
    }
    drawnWidth = chart.clientWidth;
    chart.replaceChildren(view.draw(drawnWidth || 600));
    stackIfWide(chart);
  }

  onWidth(chart, (width) => {
    if (width > 0 && drawnWidth > 0 && Math.abs(width - drawnWidth) > 1) drawInTime(element, draw);
  });
  showTable(false);

  return {
    element,
    show(next) {
      view = typeof next === "string" ? undefined : next;
      for (const button of [asTable, asCsv]) button.hidden = view === undefined;
      headline.hidden = view === undefined;
      caption.hidden = view?.caption === undefined;
      if (typeof next === "string") {
        showTable(false);
        chart.replaceChildren(h("p", { class: "note", role: "status" }, next));
        return;
      }
      headline.replaceChildren(richText(next.headline));
      caption.replaceChildren(richText(next.caption ?? ""));
      drawInTime(element, draw);
    },
  };
}

/** Stacks the cells of each row if the table in a figure is wider than its card, as on a phone. */
export function stackIfWide(figure: HTMLElement): void {
  const table = figure.querySelector("table");
  table?.classList.remove("stacked");
  table?.classList.toggle("stacked", figure.scrollWidth > figure.clientWidth);
}

/** A card with a function that makes its view from a summary, or a sentence if there is nothing to show. */
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

/** Whether the address of the page ends in ?raw-csv: then downloads keep texts that a spreadsheet would run as formulas. */
function isRaw(): boolean {
  return new URLSearchParams(location.search).has("raw-csv");
}

function download(name: string, csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: "text/csv;charset=utf-8" }));
  h("a", { href: url, download: `${name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Makes a table of figures. @param title for screen readers */
export function tableElement({ columns, rows, choose }: Table, title: string): HTMLTableElement {
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
            const { kind, shown } = columns[i] ?? { kind: "text" };
            const attributes = { class: numeric(kind) };
            const text = shown?.(value) ?? shownValue(value, kind);
            if (i > 0) return h("td", attributes, text);
            const label =
              choose &&
              h("button", { type: "button", "aria-label": choose.label(row), onclick: () => choose.act(row) }, text);
            return h("th", { scope: "row" }, label ?? text);
          }),
        ),
      ),
    ),
  );
}
