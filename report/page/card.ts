import { type Table, tableCsv } from "../table.ts";
import { h, words } from "./dom.ts";
import { drawInTime, onWidth } from "./drawing.ts";
import { tableElement } from "./table.ts";

/** What a card shows of one selection. */
export interface View {
  /** What the chart says, in a sentence. */
  readonly headline: string;
  /** Draws the chart for a width in pixels. */
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
  const asTable = h("button", {
    type: "button",
    class: "plain",
    "aria-controls": `${id}-table`,
    onclick: () => showTable(table.hidden),
  });
  const asCsv = h(
    "button",
    {
      type: "button",
      class: "plain",
      "aria-label": `CSV: ${title}`,
      onclick: () => view && download(id, tableCsv(view.table)),
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
  /** What is shown now; undefined where a sentence stands in its place. */
  let view: View | undefined;
  let drawnWidth = 0;

  /** The table in place of the chart, or the other way round. */
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
    // A table that is too wide for its card is read downwards.
    chart.querySelector(".bars")?.classList.toggle("stacked", chart.scrollWidth > chart.clientWidth);
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
      headline.replaceChildren(words(next.headline));
      caption.replaceChildren(words(next.caption ?? ""));
      drawInTime(element, draw);
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

function download(name: string, csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: "text/csv;charset=utf-8" }));
  h("a", { href: url, download: `${name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
