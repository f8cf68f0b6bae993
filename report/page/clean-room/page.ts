import { parties, titles } from "../../../cleanroom/party.ts";
import { answerTable, suppressedRows } from "../../clean-room/answer.ts";
import { tell } from "../../clean-room/headlines.ts";
import type { CleanRoomReport, UseCaseAnswer } from "../../clean-room/shape.ts";
import { crossed } from "../../clean-room/telling.ts";
import { capital, plural } from "../../format.ts";
import { card } from "../card.ts";
import { h } from "../dom.ts";
import { section, showInstead } from "../frame.ts";
import { answerChart } from "./answer-chart.ts";
import { copyButton } from "./copy.ts";
import { refusalCard } from "./refusal.ts";
import { usageCards } from "./usage.ts";
import { whoShares } from "./who-shares.ts";

/** The sections of questions, each with its link. */
const chapters: readonly { id: string; title: string; holds: (useCase: UseCaseAnswer) => boolean }[] = [
  { id: "refused", title: "What is refused", holds: ({ refused }) => refused !== undefined },
  {
    id: "merchant-asks",
    title: `${titles.merchant} asks`,
    holds: ({ refused, party }) => refused === undefined && party === "merchant",
  },
  {
    id: "wallet-asks",
    title: `${titles.wallet} asks`,
    holds: ({ refused, party }) => refused === undefined && party === "wallet",
  },
];

/**
 * Shows the clean room's page: who shares what, and a card for each question with the answer or the refusal, and the rules in force beside
 * it.
 */
export function cleanRoomPage({ data, missing }: CleanRoomReport): void {
  const [absent] = Object.values(missing);
  if (absent !== undefined || data.useCases === undefined || data.useCases.length === 0) {
    showInstead(absent ?? "Nobody has asked the clean room a question yet.");
    return;
  }
  const { useCases, parties: sharing = [], usage = [] } = data;
  const filled = chapters
    .map((chapter) => ({ ...chapter, useCases: useCases.filter(chapter.holds) }))
    .filter(({ useCases }) => useCases.length > 0);
  const opening = section(
    "who-shares",
    "Who shares what",
    h(
      "p",
      { class: "lead", id: "intro" },
      "Two companies learn about the customers they have in common, and neither sees the other's tables. Each shares views, and a rule on each view decides what the other learns from it. A hashed e-mail address is still personal data (pseudonymous, in the words of the GDPR): anyone who can guess the address can compute its hash.",
    ),
    ...(sharing.length > 0 ? [whoShares(sharing)] : []),
    h(
      "ol",
      { class: "questions", "aria-label": "Questions" },
      ...filled.flatMap(({ useCases }) => useCases.map(questionLink)),
    ),
  );
  const owners = { id: "who-asked", title: "Who asked what" };
  document
    .getElementById("bar")
    ?.replaceWith(
      sectionLinks([{ id: "who-shares", title: "Who shares what" }, ...filled, ...(usage.length > 0 ? [owners] : [])]),
    );
  document
    .getElementById("main")
    ?.replaceChildren(
      opening,
      ...filled.map(({ id, title, useCases }) =>
        section(id, title, ...useCases.map((useCase) => h("div", { class: "answer" }, ...useCaseCards(useCase)))),
      ),
      ...(usage.length > 0 ? [section(owners.id, owners.title, usageCards(usage))] : []),
    );
}

function sectionLinks(sections: readonly { readonly id: string; readonly title: string }[]): HTMLElement {
  const links = sections.map(({ id, title }) => h("a", { href: `#${id}` }, title));
  return h(
    "div",
    { class: "bar" },
    h("div", {}, h("nav", { class: "sections all", "aria-label": "Sections" }, ...links)),
  );
}

function questionLink({ name, title }: UseCaseAnswer): HTMLElement {
  return h("li", {}, h("a", { href: `#${name}` }, title));
}

function useCaseCards(useCase: UseCaseAnswer): Node[] {
  const { title, question, party, rules, sql, refused } = useCase;
  const details = h(
    "div",
    { class: "beside" },
    h("p", { class: "party" }, `Asked by ${parties[party].title}`),
    h("p", {}, withoutParty(question)),
    rules.length > 0 && h("h4", {}, "Rules in force"),
    h("ul", { class: "rules" }, ...rules.map((rule) => h("li", {}, rule))),
    h("h4", {}, "Ask it yourself"),
    h("div", { class: "command" }, h("code", {}, command(useCase)), copyButton("the command", title, command(useCase))),
    refused === undefined &&
      h(
        "details",
        {},
        h("summary", {}, "The query"),
        copyButton("the query", title, sql),
        h("pre", { tabindex: 0, "aria-label": `The query: ${title}` }, sql.trim()),
      ),
  );
  return [refused === undefined ? answerCard(useCase) : refusalCard(useCase, refused), details];
}

function answerCard(answer: UseCaseAnswer): HTMLElement {
  const told = tell(answer);
  const chart = card(answer.name, answer.title, "");
  const caption = answerCaption(answer, told.drawn);
  chart.show({
    headline: told.headline,
    ...(caption !== "" && { caption }),
    draw: () => answerChart(answer, told),
    table: answerTable(answer),
  });
  return chart.element;

  function answerCaption(answer: UseCaseAnswer, drawn: UseCaseAnswer["rows"] | undefined): string {
    const cross = told.shows?.length === 1 ? crossed(answer, told.shows[0]) : undefined;
    const suppressed = suppressedRows(answer);
    return [
      cross && `The bars show: ${cross.column.title}. The table has the other figures.`,
      (told.shows?.length ?? 0) > 1 && "The table has the other figures.",
      answer.columns.some(({ name }) => name.startsWith("kept_")) &&
        "Kept spend leaves out cancelled and returned orders; gross spend has them all.",
      drawn && "The bars leave out the orders that agree. The table has them.",
      suppressed > 0 &&
        `Suppressed: figures in ${suppressed} of ${plural(answer.rows.length, "row")}, because of too few people.`,
      told.note,
    ]
      .filter((sentence) => typeof sentence === "string")
      .join(" ");
  }
}

/** The command that asks the same on a laptop, in the project's folder. */
function command({ name, party }: UseCaseAnswer): string {
  return `npm run -s query -- --as ${party} --file cleanroom/use-cases/${name}.sql`;
}

/** The question without its `The merchant asks:`, which the card shows above it. */
function withoutParty(question: string): string {
  return capital(question.replace(/^The [\w-]+ asks: /, ""));
}
