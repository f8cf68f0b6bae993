import type { CleanRoomReport, UseCaseAnswer } from "../../clean-room/shape.ts";
import { answerHeadline, answerTable, crossed } from "../../clean-room/story.ts";
import { capital } from "../../format.ts";
import { card, type View } from "../card.ts";
import { h } from "../dom.ts";
import { instead, section } from "../frame.ts";
import { answerChart } from "./answer-chart.ts";

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
    "Each party asks of the other's customers what the rules of the room let through: groups, or the rows that match its own. What was held back, and why, stands beside each answer.",
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
  return cross === undefined ? {} : { caption: `${cross.column.title}. The other figures are in the table.` };
}

/** A question without `The merchant asks:`, which stands above it. */
function withoutParty(question: string): string {
  return capital(question.replace(/^The [\w-]+ asks: /, ""));
}
