import type { Format } from "../../format.ts";
import { h } from "../dom.ts";

/** A column of a table of bars. */
export interface Measure<Row> {
  readonly name: string;
  value(row: Row): number;
  readonly format: Format;
  /** Drawn as bars: strong ones, or faint ones of what the strong ones are about. Only written where absent. */
  readonly bar?: "strong" | "faint";
  /** CSS colour of a strong bar, where it means something. */
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
  /** What a row belongs to; it stands once, above the first row of it. */
  group?(row: Row): string;
  /** What a click on the name does, and how it is announced. */
  readonly choose?: { readonly label: (row: Row) => string; readonly act: (row: Row) => void };
  readonly measures: readonly Measure<Row>[];
  /** Whether the bars of one measure may be held against those of another. */
  readonly oneScale?: boolean;
}

/** A table whose figures are bars too: read as a chart by the eye, as a table by a screen reader. */
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
