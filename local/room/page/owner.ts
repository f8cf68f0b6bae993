import { otherParty, type Party, parties, titles } from "../../../cleanroom/party.ts";
import { count, plural } from "../../../report/format.ts";
import { h } from "../../../report/page/dom.ts";
import type { AskReply, OwnerView, SeenQuestion } from "../api.ts";

/** The panel that shows what the owner of the data sees while the other party asks. */
export interface OwnerPanel {
  readonly element: HTMLElement;
  /** Shows the panel of another owner, before a question. */
  sit(owner: Party, seen: OwnerView): void;
  /** Shows what has been asked since, in another window or a terminal. */
  renew(owner: Party, seen: OwnerView): void;
  /** Shows what the owner sees of a question. */
  show(owner: Party, reply: Pick<AskReply, "seen" | "entries">): void;
}

export function ownerPanel(): OwnerPanel {
  const title = h("h3", { id: "owner-title" });
  const last = h("div", { class: "last-seen", "aria-live": "polite" });
  const totals = h("div", {});
  const log = h("div", {});
  const element = h("section", { class: "owner", "aria-labelledby": "owner-title" }, title, last, totals, log);

  function fill(owner: Party, seen: OwnerView, entry?: SeenQuestion): void {
    element.dataset.party = owner;
    title.textContent = `Meanwhile, ${parties[owner].title} sees`;
    totals.replaceChildren(
      h("h4", {}, "On each view and template, since the last ", h("code", {}, "npm start")),
      counts(seen, entry),
    );
    const wasOpen = log.querySelector("details")?.open ?? false;
    log.replaceChildren(...newest(seen, wasOpen));
  }

  return {
    element,
    sit(owner, seen) {
      fill(owner, seen);
      last.replaceChildren(h("p", { class: "quiet" }, `${titles[otherParty(owner)]} has not asked yet.`));
    },
    renew: fill,
    show(owner, { seen, entries }) {
      fill(owner, seen[owner], entries[owner]);
      last.replaceChildren(...lastSeen(owner, entries[owner]));
    },
  };
}

/** The owner's log entry of the question that was just asked, in words. */
function lastSeen(owner: Party, entry: SeenQuestion | undefined): Node[] {
  if (entry === undefined)
    return [
      h("p", { class: "verdict" }, "Nothing"),
      h("p", { class: "quiet" }, `The query read no data that ${parties[owner].title} shares.`),
    ];
  const facts: [string, string | HTMLElement][] = [
    ["Asked by", parties[entry.by].title],
    ["At", new Date(entry.at).toLocaleTimeString("en-GB")],
    ["About", h("span", {}, ...entry.named.flatMap((name, i) => [i > 0 ? ", " : "", h("code", {}, name)]))],
    ...(entry.rule === undefined ? [] : [["Because of", entry.rule] as [string, string]]),
    ...(entry.groupsSuppressed === undefined
      ? []
      : [["Groups suppressed", count(entry.groupsSuppressed)] as [string, string]]),
    ...(entry.epsilon > 0 ? [["Epsilon spent", String(Number(entry.epsilon.toPrecision(6)))] as [string, string]] : []),
  ];
  return [
    h(
      "p",
      { class: `verdict ${entry.outcome}` },
      `A question was ${entry.outcome === "failed" ? "asked, and failed" : entry.outcome}`,
    ),
    h("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    h("p", { class: "quiet" }, "It sees neither the query nor the answer."),
  ];
}

/** The questions on each view and template so far, and the privacy budgets. */
function counts({ views }: OwnerView, entry: SeenQuestion | undefined): HTMLElement {
  return h(
    "ul",
    { class: "counts" },
    ...views.map(({ view, asked, answered, refused, failed, suppressed = 0, epsilon, delta }) =>
      h(
        "li",
        { class: entry?.named.includes(view) && "now" },
        h("code", {}, view),
        epsilon && meter(epsilon, delta),
        h(
          "span",
          {},
          asked === 0
            ? "not asked yet"
            : [
                `${count(asked)} asked`,
                answered > 0 && `${count(answered)} answered`,
                refused > 0 && `${count(refused)} refused`,
                failed > 0 && `${count(failed)} failed`,
                suppressed > 0 && `${plural(suppressed, "group")} suppressed`,
              ]
                .filter((part) => part !== false)
                .join(" · "),
        ),
      ),
    ),
  );
}

interface Left {
  readonly left: number;
  readonly of: number;
}

/** The privacy budget that is left, in words and as a bar. The view stops answering when either part is spent, so the bar shows the smaller. */
function meter({ left, of }: Left, delta: Left | undefined): HTMLElement {
  const share = Math.min(left / of, delta === undefined ? 1 : delta.left / delta.of);
  return h(
    "span",
    { class: "budget" },
    h("i", { "aria-hidden": "true" }, h("i", { style: `width:${100 * share}%` })),
    `epsilon ${left} of ${of} left${delta ? `, delta ${delta.left} of ${delta.of}` : ""}`,
  );
}

function newest({ newest }: OwnerView, open: boolean): Node[] {
  if (newest.length === 0) return [];
  return [
    h(
      "details",
      { open },
      h("summary", {}, `The last ${plural(newest.length, "question")}`),
      h(
        "ol",
        { class: "log" },
        ...newest.map(({ at, outcome, named: views, rule, groupsSuppressed }) =>
          h(
            "li",
            {},
            h("time", { datetime: at }, new Date(at).toLocaleTimeString("en-GB")),
            h("span", { class: outcome }, ` ${outcome}`),
            ` ${views.join(", ")}`,
            rule !== undefined && ` (${rule})`,
            groupsSuppressed ? ` (${plural(groupsSuppressed, "group")} suppressed)` : "",
          ),
        ),
      ),
    ),
  ];
}
