import type { Refused, UseCaseAnswer } from "../../clean-room/shape.ts";
import { capital } from "../../format.ts";
import { h, s } from "../dom.ts";
import { copyButton } from "./copy.ts";

/** A card that is clearly a refusal: the query, the rule that refused it, and what to ask instead. */
export function refusalCard({ name, title, sql }: UseCaseAnswer, { rule, message, advice }: Refused): HTMLElement {
  return h(
    "article",
    { class: "card refusal", id: name, "aria-labelledby": `${name}-title` },
    h("header", {}, h("h3", { id: `${name}-title` }, title), copyButton("the query", title, sql)),
    h("p", { class: "headline", id: `${name}-headline` }, sign(), "Refused: nobody gets this answer"),
    h("pre", { tabindex: 0, "aria-label": "The refused query" }, withoutComments(sql)),
    h(
      "dl",
      {},
      h("dt", {}, "Refused by"),
      h("dd", {}, h("b", {}, capital(rule))),
      h("dt", {}, "BigQuery says"),
      h("dd", {}, message),
      ...(advice === undefined ? [] : [h("dt", {}, "Ask instead"), h("dd", {}, advice)]),
    ),
  );
}

/** A no-entry sign. */
function sign(): SVGElement {
  return s(
    "svg",
    { viewBox: "0 0 24 24", "aria-hidden": "true" },
    s("circle", { cx: 12, cy: 12, r: 11 }),
    s("path", { d: "M6 10h12v4H6z" }),
  );
}

/** The query without the lines that the page says in words. */
function withoutComments(sql: string): string {
  return sql.replace(/^--.*\n/gm, "").trim();
}
