import { otherParty, type Party } from "../../../cleanroom/party.ts";
import { h } from "../../../report/page/dom.ts";
import type { AskReply, OwnerView, PartyView, RoomView } from "../api.ts";
import { askBench } from "./bench.ts";
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
  const bench = askBench(
    room.examples,
    { editor: input.element, outcome: shown.element, owner: owner.element },
    {
      sit,
      load({ party, sql }) {
        load(party, sql);
        input.focus();
      },
      ask: () => void askHere(),
      check: () => void run("check"),
      cancel: () => running?.abort(),
    },
  );

  /** Switches to a party. The tour's query stays in the editor. */
  function sit(name: Party): void {
    party = name;
    bench.seat(name);
    input.setParty(room.parties.find((one) => one.name === name) as PartyView);
    owner.sit(otherParty(name), seen[otherParty(name)]);
    shown.clear();
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
    bench.work(controller !== undefined);
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
    h("div", { id: "ask" }, bench.element),
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
