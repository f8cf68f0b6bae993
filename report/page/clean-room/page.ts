import type { CleanRoomReport, UseCaseAnswer } from "../../clean-room/shape.ts";
import {
  answerColumns,
  answerHeadline,
  answerTable,
  answerValue,
  mostTelling,
  rowName,
} from "../../clean-room/story.ts";
import type { Value } from "../../table.ts";
import { card } from "../card.ts";
import { bars, type Measure } from "../charts/bars.ts";
import { h } from "../dom.ts";
import { instead, section } from "../frame.ts";

const parties = { merchant: "Asked by the merchant", wallet: "Asked by the e-wallet" } as const;

/** The page of the clean room: a card a question, with the answer or why there is none, and the rules in force. */
export function cleanRoomPage({ data, missing }: CleanRoomReport): void {
  const [absent] = Object.values(missing);
  if (absent !== undefined || data.useCases === undefined || data.useCases.length === 0) {
    instead(absent ?? "Nothing was asked of the clean room yet.");
    return;
  }
  const intro = h(
    "p",
    { class: "lead", id: "intro" },
    "Each party asks of the other's customers what the rules of the room let through: figures of groups, never a person. What was held back, and why, stands beside each answer.",
  );
  document
    .getElementById("main")
    ?.replaceChildren(
      section("answers", "What they learn", intro),
      ...data.useCases.map((useCase) => h("div", { class: "answer" }, ...useCaseCards(useCase))),
    );
}

function useCaseCards(useCase: UseCaseAnswer): Node[] {
  const { name, title, question, party, rules, sql, refused } = useCase;
  const chart = card(name, title, "");
  const details = h(
    "div",
    { class: "beside" },
    h("p", { class: "party" }, parties[party]),
    h("p", {}, question),
    rules.length > 0 && h("h4", {}, "Rules in force"),
    h("ul", { class: "rules" }, ...rules.map((rule) => h("li", {}, rule))),
    h("details", {}, h("summary", {}, "The query"), h("pre", { tabindex: 0 }, sql.trim())),
  );
  chart.show(
    refused === undefined
      ? { headline: answerHeadline(useCase), draw: () => answerBars(useCase), table: answerTable(useCase) }
      : `Refused: ${refused}`,
  );
  return [chart.element, details];
}

function answerBars(useCase: UseCaseAnswer): HTMLElement {
  const columns = answerColumns(useCase);
  const categories = columns.filter(({ role }) => role === "category");
  const figures = columns.filter(({ role }) => role === "measure");
  // The figure that the headline tells of, and how many it is about.
  const told = mostTelling(useCase)?.column.at;
  const drawn = new Set([told ?? figures[0]?.at, figures.find(({ kind }) => kind === "count")?.at]);
  const grouped = categories.length > 1;
  return bars<readonly Value[]>({
    title: useCase.title,
    head: categories.at(-1)?.title ?? "Group",
    rows: useCase.rows,
    name: (row) => rowName(row, columns).name,
    ...(grouped && { note: (row: readonly Value[]) => rowName(row, columns).group }),
    measures: figures.map(
      (column): Measure<readonly Value[]> => ({
        name: column.title,
        value: (row) => (typeof row[column.at] === "number" ? (row[column.at] as number) : Number.NaN),
        format: (value) => answerValue(value, column.kind),
        bar: drawn.has(column.at),
        fill: () => (column.kind === "count" ? "var(--faint)" : "var(--accent)"),
      }),
    ),
  });
}
