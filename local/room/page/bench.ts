import { PARTIES, type Party, titles } from "../../../cleanroom/party.ts";
import { h } from "../../../report/page/dom.ts";
import type { Example } from "../api.ts";

/** What the party that asks may do. */
export interface BenchActions {
  /** Takes the seat of a party. */
  sit(party: Party): void;
  /** Puts an example into the editor. */
  load(example: Example): void;
  ask(): void;
  check(): void;
  cancel(): void;
}

/** The parts that are made elsewhere. */
export interface BenchParts {
  readonly editor: HTMLElement;
  readonly outcome: HTMLElement;
  /** What the owner of the data sees. */
  readonly owner: HTMLElement;
}

export interface Bench {
  readonly element: HTMLElement;
  /** Shows that this party sits there, and its own examples. */
  seat(party: Party): void;
  /** Shows whether a query runs. */
  work(busy: boolean): void;
}

/** The desk at which a party asks, with its seats, the examples to load, the editor, the buttons and the outcome; and beside it the owner's view. */
export function askBench(all: readonly Example[], parts: BenchParts, act: BenchActions): Bench {
  const button = (label: string, onclick: () => void, props = {}) =>
    h("button", { type: "button", class: "chip", onclick, ...props }, label);
  const seats = PARTIES.map((party) => button(titles[party], () => act.sit(party), { class: `chip seat ${party}` }));
  const examples = h("select", { id: "examples", "aria-label": "Load a question", onchange: loadExample });
  const ask = button("Ask", () => act.ask(), { class: "ask" });
  const check = button("Only check the rules", () => act.check());
  const cancel = button("Cancel", () => act.cancel(), { hidden: true });
  const element = h(
    "div",
    { class: "bench" },
    h(
      "section",
      { class: "desk", "aria-labelledby": "ask-heading" },
      h(
        "div",
        { class: "who" },
        h("h2", { id: "ask-heading" }, "Ask as"),
        h("div", { class: "seats", role: "group", "aria-label": "The party that asks" }, ...seats),
        examples,
      ),
      parts.editor,
      h(
        "div",
        { class: "act" },
        ask,
        check,
        cancel,
        h(
          "span",
          { id: "keys", class: "keys" },
          "Ctrl-Enter or ⌘-Enter asks. Ctrl-Space completes names. Tab leaves the query.",
        ),
      ),
      parts.outcome,
    ),
    parts.owner,
  );

  function loadExample(): void {
    const example = all[Number(examples.value)];
    if (examples.value === "" || example === undefined) return;
    act.load(example);
    examples.value = "";
  }

  function listExamples(party: Party): void {
    const group = (label: string, kind: Example["kind"]) =>
      h(
        "optgroup",
        { label },
        ...all.flatMap((example, index) =>
          example.party === party && example.kind === kind
            ? [h("option", { value: String(index) }, example.title)]
            : [],
        ),
      );
    examples.replaceChildren(
      h("option", { value: "" }, "Load a question …"),
      group("Questions", "question"),
      group("Query templates", "template"),
    );
  }

  return {
    element,
    seat(party) {
      element.dataset.party = party;
      for (const [i, seat] of seats.entries()) seat.setAttribute("aria-pressed", String(PARTIES[i] === party));
      listExamples(party);
    },
    work(busy) {
      element.setAttribute("aria-busy", String(busy));
      cancel.hidden = !busy;
      ask.disabled = busy;
      check.disabled = busy;
    },
  };
}
