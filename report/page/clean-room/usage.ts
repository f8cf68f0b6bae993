import { parties, titles } from "../../../cleanroom/party.ts";
import type { SharedUsage, ViewUsage } from "../../clean-room/shape.ts";
import { count, list, plural } from "../../format.ts";
import { stackIfWide } from "../card.ts";
import { h } from "../dom.ts";
import { onWidth } from "../drawing.ts";

const columns = ["Asked", "Answered", "Refused", "Failed", "Groups suppressed", "Epsilon left", "Delta left"];

/** A card for each party with the outcomes of the queries on its views and templates, which BigQuery shows only to a view's owner. */
export function usageCards(usage: readonly SharedUsage[]): HTMLElement {
  return h("div", { class: "stack" }, ...usage.filter(({ views }) => views.length > 0).map(usageCard));
}

function usageCard({ owner, views, refusedBy }: SharedUsage): HTMLElement {
  const rules = refusedBy.map(({ rule, queries }) => `${rule} (${count(queries)})`);
  const table = h(
    "figure",
    { "aria-label": `Queries on the views of ${parties[owner].title}` },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "View or template"), ...columns.map(columnHead))),
      h("tbody", {}, ...views.map(viewRow)),
    ),
  );
  onWidth(table, () => stackIfWide(table));
  return h(
    "article",
    { class: "card usage", "aria-labelledby": `usage-${owner}-title` },
    h("header", {}, h("h3", { id: `usage-${owner}-title` }, `${titles[owner]} sees`)),
    h("p", { class: "headline" }, headline(views)),
    table,
    rules.length > 0 && h("p", { class: "caption" }, `Refused by: ${list(rules)}.`),
  );
}

function columnHead(name: string): HTMLElement {
  return h("th", { scope: "col", class: "number" }, name);
}

function viewRow({ view, asked, answered, refused, failed, suppressed, epsilon, delta }: ViewUsage): HTMLElement {
  const figures = [asked, answered, refused, failed].map(count);
  const groups = suppressed === undefined ? "–" : count(suppressed);
  const budgets = [epsilon, delta].map((budget) => (budget ? `${budget.left} of ${budget.of}` : "–"));
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("code", {}, view)),
    ...[...figures, groups, ...budgets].map((figure, i) =>
      h("td", { class: "number", "data-name": columns[i] }, figure),
    ),
  );
}

function headline(views: readonly ViewUsage[]): string {
  const sum = (of: (view: ViewUsage) => number) => views.reduce((total, view) => total + of(view), 0);
  const asked = sum((view) => view.asked);
  if (asked === 0) return "Nobody has asked yet";
  return `${plural(
    sum(({ answered }) => answered),
    "answer",
  )} and ${plural(
    sum(({ refused }) => refused),
    "refusal",
  )}, counted by view and query template`;
}
