import type { Format } from "../../format.ts";
import { h } from "../dom.ts";

/** A column in a table of bars. */
export interface Measure<Row> {
  readonly name: string;
  value(row: Row): number;
  readonly format: Format;
  /** Draws bars: strong ones for the main figure, faint ones for supporting figures. Without it, the figure is only text. */
  readonly bar?: "strong" | "faint";
  /** CSS colour of a strong bar, if the colour means something. */
  fill?(row: Row): string;
  /** Written in place of the formatted value. */
  text?(row: Row): string;
}

export interface Bars<Row> {
  readonly title: string;
  /** Heading of the first column, such as Store. */
  readonly head: string;
  readonly rows: readonly Row[];
  name(row: Row): string;
  /** A small line under the name. */
  note?(row: Row): string;
  /** The group of a row; its name appears once, above the group's first row. */
  group?(row: Row): string;
  /** Makes the name a button: what a click does, and its label for screen readers. */
  readonly choose?: { readonly label: (row: Row) => string; readonly act: (row: Row) => void };
  readonly measures: readonly Measure<Row>[];
  /** Whether all measures share one scale, so that their bars can be compared. */
  readonly oneScale?: boolean;
}

/** Makes a table whose figures are also bars: a chart for the eye, a table for a screen reader. */
export function bars<Row>({
  title,
  head,
  rows,
  name,
  note,
  group,
  choose,
  measures,
  oneScale,
}: Bars<Row>): HTMLElement {
  const tops = measures.map(({ value }) => Math.max(...rows.map(value).filter(Number.isFinite), 0));
  const top = (measure: number) => (oneScale ? Math.max(...tops) : (tops[measure] ?? 0));
  return h(
    "table",
    { class: "bars", style: `--bars:${measures.filter(({ bar }) => bar).length}` },
    h("caption", { class: "sr" }, title),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, head),
        ...measures.map((measure) =>
          h("th", { scope: "col", class: measure.bar ? undefined : "number" }, measure.name),
        ),
      ),
    ),
    h("tbody", {}, ...rows.flatMap((row, i) => [...groupRow(row, rows[i - 1]), tableRow(row)])),
  );

  function groupRow(row: Row, above: Row | undefined): HTMLElement[] {
    const text = group?.(row);
    if (text === undefined || (above !== undefined && group?.(above) === text)) return [];
    return [h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: String(measures.length + 1) }, text))];
  }

  function tableRow(row: Row): HTMLElement {
    const label =
      choose === undefined
        ? name(row)
        : h("button", { type: "button", "aria-label": choose.label(row), onclick: () => choose.act(row) }, name(row));
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, label, note !== undefined && h("small", {}, note(row))),
      ...measures.map((measure, i) => measureCell(measure, row, top(i))),
    );
  }
}

function measureCell<Row>({ name, value, format, bar, fill, text }: Measure<Row>, row: Row, top: number): HTMLElement {
  const written = text?.(row) ?? format(value(row));
  if (!bar) return h("td", { class: "number", "data-name": name }, written);
  const part = top > 0 ? Math.max(value(row), 0) / top : 0;
  const style = `--part:${part.toFixed(4)}${fill === undefined ? "" : `;--fill:${fill(row)}`}`;
  const drawn = Number.isFinite(part) && h("i", { style });
  return h("td", { class: `measure ${bar}`, "data-name": name }, h("span", {}, drawn, written));
}
