import { shownValue, type Table } from "../table.ts";
import { h } from "./dom.ts";

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
