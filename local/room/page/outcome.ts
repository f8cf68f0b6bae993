import type { Party } from "../../../cleanroom/party.ts";
import { capital, plural } from "../../../report/format.ts";
import { card } from "../../../report/page/card.ts";
import { h, s } from "../../../report/page/dom.ts";
import type { Answered, Refused, Rules, ViewRule } from "../api.ts";
import { answerView } from "./answer-view.ts";
import type { Editor } from "./editor.ts";

/** The place below the editor where the outcome of a question appears. */
export interface Outcome {
  readonly element: HTMLElement;
  answered(answer: Answered, party: Party, sql: string): void;
  refused(refusal: Refused, sql: string): void;
  /** The rules that would apply to a query. */
  checked(rules: Rules): void;
  /** A sentence about progress or a failure. */
  say(sentence: string, kind?: "failure"): void;
  clear(): void;
}

/** Makes the place for outcomes. Each is also said in one sentence to screen readers. */
export function outcome(editor: Editor): Outcome {
  const said = h("p", { class: "sr", role: "status" });
  const place = h("div", { class: "outcome" });
  const answerCard = card("answer", "The answer", "");
  const show = (sentence: string, ...content: Node[]) => {
    place.replaceChildren(...content);
    said.textContent = sentence;
  };
  return {
    element: h("div", {}, said, place),
    answered(answer, party, sql) {
      const view = answerView(answer, party, sql);
      answerCard.element.classList.toggle("only-table", !view.charted);
      show(
        `Answered: ${plural(answer.rowCount, "row")}. ${view.headline.replaceAll("**", "")}`,
        answerCard.element,
        rulesList("Rules that shaped the answer", answer.rules),
      );
      answerCard.show(view);
    },
    refused(refusal, sql) {
      const card = refusalCard(refusal, sql, () => editor.goToMark());
      show(`${verdict(refusal)}. ${refusal.message}${placeIn(refusal)}`, card);
      if (refusal.line !== undefined) editor.mark(refusal.line, refusal.column ?? 1);
    },
    checked(rules) {
      show(
        "The query obeys the rules. It was not run.",
        h(
          "article",
          { class: "card" },
          h("p", { class: "headline" }, "The query obeys the rules"),
          h("p", {}, "It was not run: it spent no budget, and the owner sees nothing of it."),
        ),
        rulesList("Rules in force", rules),
      );
    },
    say: (sentence, kind) => show(sentence, h("p", { class: kind === "failure" ? "note failure" : "note" }, sentence)),
    clear: () => show(""),
  };
}

/** The rules in words, with what was checked. */
function rulesList(title: string, { views, templates, checks, notes }: Rules): HTMLElement {
  const items = [
    ...notes.map((note) => h("li", {}, note)),
    ...templates.map(({ template, ownerTitle, guards }) =>
      h("li", {}, h("code", {}, template), ` runs a query of ${ownerTitle}, which says: ${guards}`),
    ),
    ...ruleItems(views),
    ...checks.map((check) => h("li", {}, "Checked: ", check)),
  ];
  return h(
    "div",
    { class: "shaped" },
    h("h3", {}, title),
    items.length === 0
      ? h("p", {}, "None: the query reads only tables without a rule.")
      : h("ul", { class: "rules" }, ...items),
  );
}

function ruleItems(views: readonly ViewRule[]): HTMLElement[] {
  return views.map(({ view, ownerTitle, rule }) => h("li", {}, h("code", {}, view), ` of ${ownerTitle}: ${rule}`));
}

/** A refusal must not look like an answer: a sign, the rule, the place in the query, and what to write instead. */
function refusalCard(refusal: Refused, sql: string, goToMark: () => void): HTMLElement {
  const { rule, message, advice, line, column, denied, views } = refusal;
  const source = line === undefined ? undefined : sql.split(/\r\n|\r|\n/)[line - 1];
  return h(
    "article",
    { class: `card refusal ${denied ? "" : "mistake"}`, "aria-labelledby": "refusal-title" },
    h("h3", { class: "headline", id: "refusal-title" }, sign(denied), verdict(refusal)),
    h("p", {}, message),
    source !== undefined &&
      h(
        "div",
        { class: "place" },
        h(
          "button",
          { type: "button", class: "plain", onclick: goToMark },
          `Line ${line}${column ? `, column ${column}` : ""}`,
        ),
        h("code", {}, source.trim().slice(0, 160)),
      ),
    h(
      "dl",
      {},
      ...(advice === undefined
        ? []
        : [
            h("dt", {}, rule === "names" ? "You can name" : "Instead"),
            h("dd", {}, advice.replace("You can name: ", "")),
          ]),
      ...(views.length === 0
        ? []
        : [h("dt", {}, "The rule"), h("dd", {}, h("ul", { class: "rules" }, ...ruleItems(views)))]),
    ),
  );
}

const mistakes: Readonly<Record<string, string>> = {
  GoogleSQL: "Not a valid query",
  "not supported": "BigQuery runs this, but this clean room does not",
  limits: "Stopped: the query hit a limit",
  run: "The query failed while it ran",
  cancelled: "Cancelled",
  names: "Not found",
};

function verdict({ rule }: Refused): string {
  return mistakes[rule] ?? `Refused by the rule “${capital(rule)}”`;
}

function placeIn({ line }: Refused): string {
  return line === undefined ? "" : ` Line ${line}.`;
}

/** A no-entry sign for a missing right, and a warning sign for a mistake. */
function sign(denied: boolean): SVGElement {
  const shape = denied
    ? [s("circle", { cx: 12, cy: 12, r: 11 }), s("path", { d: "M6 10h12v4H6z" })]
    : [
        s("circle", { cx: 12, cy: 12, r: 11 }),
        s("path", { d: "M10.700 5h2.600v9h-2.600zM10.700 16h2.600v2.800h-2.600z" }),
      ];
  return s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, ...shape);
}
