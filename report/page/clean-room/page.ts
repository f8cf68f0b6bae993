import type { CleanRoomReport, UseCaseAnswer } from "../../clean-room/shape.ts";
import { answerHeadline, answerTable, crossed } from "../../clean-room/story.ts";
import { capital } from "../../format.ts";
import { card, type View } from "../card.ts";
import { h } from "../dom.ts";
import { section, showInstead } from "../frame.ts";
import { answerChart } from "./answer-chart.ts";

const parties = { merchant: "Asked by the merchant", wallet: "Asked by the e-wallet" } as const;

/** Shows the clean room's page: a card for each question, with the answer or the refusal, and the rules in force beside it. */
export function cleanRoomPage({ data, missing }: CleanRoomReport): void {
  const [absent] = Object.values(missing);
  if (absent !== undefined || data.useCases === undefined || data.useCases.length === 0) {
    showInstead(absent ?? "Nobody has asked the clean room a question yet.");
    return;
  }
  const intro = h(
    "p",
    { class: "lead", id: "intro" },
    "Each party queries the other's data, and the rules of the clean room decide what it learns: figures about groups, or the rows that match its own. Beside each answer are the rules in force and what they held back.",
  );
  document
    .getElementById("main")
    ?.replaceChildren(
      section("answers", "Questions and answers", intro),
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
    h("p", {}, withoutParty(question)),
    rules.length > 0 && h("h4", {}, "Rules in force"),
    h("ul", { class: "rules" }, ...rules.map((rule) => h("li", {}, rule))),
    h("details", {}, h("summary", {}, "The query"), h("pre", { tabindex: 0 }, sql.trim())),
  );
  chart.show(
    refused === undefined
      ? {
          headline: answerHeadline(useCase),
          ...answerCaption(useCase),
          draw: () => answerChart(useCase),
          table: answerTable(useCase),
        }
      : `Refused: ${refused}`,
  );
  return [chart.element, details];
}

function answerCaption(useCase: UseCaseAnswer): Pick<View, "caption"> {
  const cross = crossed(useCase);
  return cross === undefined
    ? {}
    : { caption: `The bars show: ${cross.column.title.toLowerCase()}. The table has the other figures.` };
}

/** The question without its `The merchant asks:`, which the card shows above it. */
function withoutParty(question: string): string {
  return capital(question.replace(/^The [\w-]+ asks: /, ""));
}
