import { otherParty, PARTIES, type Party, titles } from "../../../cleanroom/party.ts";
import { h } from "../../../report/page/dom.ts";
import type { AskReply, OwnerView, PartyView, RoomView } from "../api.ts";
import { catalogue } from "./catalogue.ts";
import { editor } from "./editor.ts";
import { keepQuery, keptQuery } from "./kept-query.ts";
import { outcome } from "./outcome.ts";
import { ownerPanel } from "./owner.ts";
import { ask, check, readRoom } from "./server-calls.ts";
import { type TourCard, tourCard } from "./tour-card.ts";

/* The page: the tour, the desk of the party that asks, what the owner of the data sees, and the two parties with all that they can name. */

function build(room: RoomView): HTMLElement[] {
  let party: Party = "merchant";
  let seen: Readonly<Record<Party, OwnerView>> = room.seen;
  let running: AbortController | undefined;
  let tour: TourCard | undefined;

  const input = editor(() => void askHere());
  const shown = outcome(input);
  const owner = ownerPanel();
  const seats = PARTIES.map((name) =>
    h("button", { type: "button", class: `chip seat ${name}`, onclick: () => sit(name) }, titles[name]),
  );
  const examples = h("select", { id: "examples", "aria-label": "Load a question", onchange: loadExample });
  const askButton = h("button", { type: "button", class: "ask", onclick: () => void askHere() }, "Ask");
  const checkButton = h(
    "button",
    { type: "button", class: "chip", onclick: () => void run("check") },
    "Only check the rules",
  );
  const cancel = h(
    "button",
    { type: "button", class: "chip", hidden: true, onclick: () => running?.abort() },
    "Cancel",
  );
  const bench = h(
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
      input.element,
      h(
        "div",
        { class: "act" },
        askButton,
        checkButton,
        cancel,
        h(
          "span",
          { id: "keys", class: "keys" },
          "Ctrl-Enter or ⌘-Enter asks. Ctrl-Space completes names. Tab leaves the query.",
        ),
      ),
      shown.element,
    ),
    owner.element,
  );

  /** Switches to a party. The tour's query stays in the editor. */
  function sit(name: Party): void {
    party = name;
    bench.dataset.party = name;
    for (const [i, seat] of seats.entries()) seat.setAttribute("aria-pressed", String(PARTIES[i] === name));
    input.setParty(room.parties.find((one) => one.name === name) as PartyView);
    fillExamples(name);
    owner.sit(otherParty(name), seen[otherParty(name)]);
    shown.clear();
  }

  function fillExamples(name: Party): void {
    const own = room.examples.filter((example) => example.party === name);
    const group = (label: string, kind: string) =>
      h(
        "optgroup",
        { label },
        ...own
          .filter((example) => example.kind === kind)
          .map((example) => h("option", { value: String(room.examples.indexOf(example)) }, example.title)),
      );
    examples.replaceChildren(
      h("option", { value: "" }, "Load a question …"),
      group("Questions", "question"),
      group("Query templates", "template"),
    );
  }

  function loadExample(): void {
    const example = room.examples[Number(examples.value)];
    if (examples.value === "" || example === undefined) return;
    load(example.party, example.sql);
    examples.value = "";
    input.focus();
  }

  function load(name: Party, sql: string): void {
    running?.abort();
    if (running !== undefined) setRunning(undefined);
    sit(name);
    input.setText(sql);
  }

  /** Asks the question in the editor, and scrolls to the answer. The tour asks too, but its own card says what came of it. */
  async function askHere(): Promise<void> {
    await run("ask");
    shown.element.scrollIntoView({ block: "nearest" });
  }

  /** Shows what was asked in another window or a terminal meanwhile. */
  async function renew(): Promise<void> {
    if (running !== undefined) return;
    const room = await readRoom().catch(() => undefined);
    if (room === undefined || running !== undefined) return;
    seen = room.seen;
    owner.renew(otherParty(party), seen[otherParty(party)]);
  }

  async function run(what: "ask" | "check"): Promise<void> {
    if (running !== undefined) return;
    const [asker, sql] = [party, input.text()];
    if (sql.trim() === "") return shown.say("Write a query first.");
    const mine = new AbortController();
    setRunning(mine);
    if (what === "ask") tour?.asking(asker, sql, true);
    shown.say(what === "ask" ? "The clean room is working on it …" : "Checking …");
    try {
      if (what === "check") {
        const reply = await check({ party: asker, sql }, mine.signal);
        if (reply.kind === "refused") shown.refused(reply, sql);
        else shown.checked(reply.rules);
        return;
      }
      const reply = await ask({ party: asker, sql }, mine.signal);
      seen = reply.seen;
      if (asker === party) owner.show(otherParty(asker), reply);
      show(asker, sql, reply);
    } catch (error) {
      tour?.asking(asker, sql, false);
      if (mine.signal.aborted) {
        if (asker === party && input.text() === sql) shown.say("Cancelled.");
      } else shown.say(error instanceof Error ? error.message : String(error), "failure");
    } finally {
      if (running === mine) setRunning(undefined);
    }
  }

  function show(asker: Party, sql: string, reply: AskReply): void {
    const found = reply.outcome;
    if (found.kind === "answer") shown.answered(found, asker, sql);
    else shown.refused(found, sql);
    tour?.tell(asker, sql, reply);
  }

  function setRunning(controller: AbortController | undefined): void {
    running = controller;
    const busy = controller !== undefined;
    bench.setAttribute("aria-busy", String(busy));
    cancel.hidden = !busy;
    askButton.disabled = busy;
    checkButton.disabled = busy;
  }

  tour = tourCard(load, () => void run("ask"));
  const kept = keptQuery();
  if (kept !== undefined) load(kept.party, kept.sql);
  addEventListener("focus", () => void renew());
  addEventListener("pagehide", () => keepQuery({ party, sql: input.text() }));
  const parties = catalogue(room, {
    insert(name, text) {
      if (name !== party) sit(name);
      input.insert(text);
    },
    load(name, sql) {
      load(name, sql);
      input.focus();
    },
  });
  return [
    tour.element,
    h("div", { id: "ask" }, bench),
    h(
      "section",
      { id: "parties", "aria-labelledby": "parties-heading" },
      h("h2", { id: "parties-heading" }, "Who has what"),
      parties,
    ),
  ];
}

async function start(): Promise<void> {
  const main = document.getElementById("main");
  try {
    main?.replaceChildren(...build(await readRoom()));
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    main?.replaceChildren(h("p", { class: "note", role: "alert" }, sentence));
    throw error;
  }
  document.body.dataset.ready = "true";
}

void start();
