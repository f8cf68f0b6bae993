import type { Format } from "../../format.ts";
import { h } from "../dom.ts";

/** A column of a table of bars. */
export interface Measure<Row> {
  readonly name: string;
  value(row: Row): number;
  readonly format: Format;
  /** Whether it is drawn as bars; only written otherwise. */
  readonly bar?: boolean;
  /** CSS colour of the bar. */
  fill?(row: Row): string;
  /** What is written, in place of the formatted value. */
  text?(row: Row): string;
}

export interface Bars<Row> {
  readonly title: string;
  /** What the rows are, such as Store. */
  readonly head: string;
  readonly rows: readonly Row[];
  name(row: Row): string;
  /** A small line under the name. */
  note?(row: Row): string;
  /** What a click on the name does, and how it is announced. */
  readonly choose?: { readonly label: (row: Row) => string; readonly act: (row: Row) => void };
  readonly measures: readonly Measure<Row>[];
}

/** A table whose figures are bars too: read as a chart by the eye, as a table by a screen reader. */
export function bars<Row>({ title, head, rows, name, note, choose, measures }: Bars<Row>): HTMLElement {
  const tops = measures.map(({ value }) => Math.max(...rows.map(value).filter(Number.isFinite), 0));
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
    h(
      "tbody",
      {},
      ...rows.map((row) =>
        h(
          "tr",
          {},
          h(
            "th",
            { scope: "row" },
            choose === undefined
              ? name(row)
              : h(
                  "button",
                  { type: "button", "aria-label": choose.label(row), onclick: () => choose.act(row) },
                  name(row),
                ),
            note !== undefined && h("small", {}, note(row)),
          ),
          ...measures.map((measure, i) => measureCell(measure, row, tops[i] ?? 0)),
        ),
      ),
    ),
  );
}

function measureCell<Row>({ name, value, format, bar, fill, text }: Measure<Row>, row: Row, top: number): HTMLElement {
  const written = text?.(row) ?? format(value(row));
  if (!bar) return h("td", { class: "number", "data-name": name }, written);
  const part = top > 0 && Number.isFinite(value(row)) ? Math.max(value(row), 0) / top : 0;
  const style = `--part:${part.toFixed(4)}${fill === undefined ? "" : `;--fill:${fill(row)}`}`;
  return h("td", { class: "measure", "data-name": name }, h("span", {}, h("i", { style }), written));
}
