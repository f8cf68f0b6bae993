import { otherParty, type Party, parties, titles } from "../../../cleanroom/party.ts";
import { plural } from "../../../report/format.ts";
import { h } from "../../../report/page/dom.ts";
import type { AskReply, SeenQuestion } from "../api.ts";
import { type TourQuery, type TourStep, tour } from "../tour.ts";
import { prose } from "./prose.ts";

/** The guided tour. */
export interface TourCard {
  readonly element: HTMLElement;
  /** Shows that the question is running, or that it ended without an answer, if the query is the step's own. */
  asking(party: Party, sql: string, runs: boolean): void;
  /** Shows the outcome and what the owner sees of it, if the query is the step's own. */
  tell(party: Party, sql: string, reply: AskReply): void;
}

/**
 * Makes the tour's card. It opens at the step that the page's address names.
 * @param load puts a query into the editor, as a party @param ask asks it
 */
export function tourCard(load: (party: Party, sql: string) => void, ask: () => void): TourCard {
  const step = h("p", { class: "step" });
  const title = h("h2", { id: "tour-heading", tabindex: -1 });
  const story = h("p", { class: "telling-text" });
  const choices = h("div", { class: "choices" });
  const told = h("div", { class: "told", "aria-live": "polite" });
  const back = h("button", { type: "button", onclick: () => go(at - 1, true) }, "Back");
  const next = h("button", { type: "button", class: "next", onclick: () => go(at + 1, true) }, "Next");
  const dots = tour.map(({ title }, i) =>
    h("button", { type: "button", "aria-label": `Step ${i + 1}: ${title}`, onclick: () => go(i, true) }, String(i + 1)),
  );
  const element = h(
    "section",
    { id: "tour", class: "tour", "aria-labelledby": "tour-heading" },
    h(
      "nav",
      { class: "steps", "aria-label": "Steps of the tour" },
      h("span", {}, "Tour, five minutes"),
      ...dots,
      h("div", { class: "moves" }, back, next),
    ),
    h("div", { class: "telling" }, h("div", {}, step, title, story, choices), told),
  );

  let at = -1;
  let query: TourQuery | undefined;

  const current = () => tour[at] as TourStep;

  function go(to: number, focus: boolean): void {
    at = Math.max(0, Math.min(tour.length - 1, to));
    const { party, story: text, queries } = current();
    step.replaceChildren(
      `Step ${at + 1} of ${tour.length}. `,
      h("span", { class: `seat ${party}` }, `You are ${parties[party].title}`),
    );
    title.textContent = current().title;
    story.replaceChildren(prose(text));
    for (const [i, dot] of dots.entries()) {
      dot.toggleAttribute("data-done", i < at);
      if (i === at) dot.setAttribute("aria-current", "step");
      else dot.removeAttribute("aria-current");
    }
    back.disabled = at === 0;
    next.disabled = at === tour.length - 1;
    choose(queries[0]);
    history.replaceState(undefined, "", `#step-${at + 1}`);
    if (focus) title.focus({ preventScroll: true });
  }

  function choose(chosen: TourQuery | undefined): void {
    if (chosen === undefined) return;
    query = chosen;
    const { queries, party } = current();
    choices.replaceChildren(
      ...queries.map((one) =>
        h(
          "button",
          {
            type: "button",
            class: one === chosen ? "ask" : "ask other",
            onclick: () => {
              choose(one);
              ask();
              choices.querySelector<HTMLElement>(".ask:not(.other)")?.focus();
            },
          },
          one.label,
        ),
      ),
    );
    wait();
    load(party, chosen.sql);
  }

  /** Shows the text before the question is asked. */
  function wait(): void {
    told.replaceChildren(h("p", { class: "quiet" }, `Press “${query?.label}”, and read here what happened and why.`));
    delete told.dataset.outcome;
  }

  const isOwn = (party: Party, sql: string) => sql === query?.sql && party === current().party;

  const [, wanted] = /^#step-(\d)$/.exec(location.hash) ?? [];
  go(Number(wanted ?? 1) - 1, false);

  return {
    element,
    asking(party, sql, runs) {
      if (!isOwn(party, sql)) return;
      if (runs) told.replaceChildren(h("p", { class: "quiet" }, "The clean room is working on it …"));
      else wait();
    },
    tell(party, sql, { outcome, entries }) {
      if (query === undefined || !isOwn(party, sql)) return;
      if (outcome.kind === "refused" && outcome.rule === "cancelled") return wait();
      const owner = otherParty(party);
      told.replaceChildren(
        h("p", {}, prose(query.told(outcome))),
        h("p", { class: "owner-saw" }, ownerSaw(owner, entries[owner])),
      );
      told.dataset.outcome = outcome.kind;
    },
  };
}

/** One line of the owner's log, for a screen on which its panel is out of sight. */
function ownerSaw(owner: Party, entry: SeenQuestion | undefined): string {
  if (entry === undefined) return `${titles[owner]} sees nothing of it.`;
  const suppressed = entry.groupsSuppressed ? `, ${plural(entry.groupsSuppressed, "group")} suppressed` : "";
  return `${titles[owner]} sees: one question ${entry.outcome}${suppressed}.`;
}
