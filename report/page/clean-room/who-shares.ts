import { parties, titles } from "../../../cleanroom/party.ts";
import type { SharedPart, SharedTemplate, SharingParty } from "../../clean-room/shape.ts";
import { plural } from "../../format.ts";
import { h, s } from "../dom.ts";

/**
 * The diagram at the top: each party with the tables that it keeps, and between the two the views that it shares, each with its rule.
 * It consists of lists, so that a screen reader reads the same content.
 */
export function whoShares(sharing: readonly SharingParty[]): HTMLElement {
  const [first, second] = sharing;
  if (first === undefined || second === undefined) return h("div", {});
  return h(
    "div",
    { class: "shares", role: "group", "aria-label": "Who shares what by which rule" },
    partyBox(first),
    h("div", { class: "flows" }, flow(first, second, "right"), flow(second, first, "left")),
    partyBox(second),
  );
}

function partyBox({ name, tables, linked }: SharingParty): HTMLElement {
  return h(
    "div",
    { class: `party-box ${name}` },
    h("h3", {}, titles[name]),
    h("p", {}, "keeps these tables private:"),
    h("ul", {}, ...tables.map((table) => h("li", {}, h("code", {}, table)))),
    h("p", {}, "and finds what the other shares in ", h("code", {}, linked)),
  );
}

function flow(from: SharingParty, to: SharingParty, towards: "left" | "right"): HTMLElement {
  const short = parties[to.name].title;
  const { templates = [] } = from;
  return h(
    "div",
    { class: `flow ${towards}` },
    h("h4", {}, `${titles[from.name]} shares with ${short}`),
    arrow(towards),
    h("ul", {}, ...from.shares.map(sharedView)),
    templates.length > 0 &&
      h(
        "details",
        {},
        h("summary", {}, `${plural(templates.length, "query template")}: queries that ${short} may run but not read`),
        h("ul", {}, ...templates.map(sharedTemplate)),
      ),
  );
}

function sharedView({ view, columns, rule }: SharedPart): HTMLElement {
  return h(
    "li",
    {},
    h("code", {}, view),
    h("b", {}, rule.name),
    h("span", {}, rule.shows),
    h("small", {}, columns.join(", ")),
  );
}

function sharedTemplate({ name, question, guards }: SharedTemplate): HTMLElement {
  return h("li", {}, h("code", {}, name), h("span", {}, question), h("small", {}, guards));
}

/** An arrow as wide as its place; its head keeps its shape. */
function arrow(towards: "left" | "right"): SVGElement {
  const right = towards === "right";
  return s(
    "svg",
    {
      viewBox: "0 0 400 14",
      preserveAspectRatio: right ? "xMaxYMid slice" : "xMinYMid slice",
      "aria-hidden": "true",
      class: "arrow",
    },
    s("path", { d: right ? "M0 7H398M388 1l10 6-10 6" : "M400 7H2M12 1L2 7l10 6" }),
  );
}
