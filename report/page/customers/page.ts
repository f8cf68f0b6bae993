import { quantile } from "../../column-math.ts";
import type { Customers, CustomersReport } from "../../customers/shape.ts";
import { customersStory } from "../../customers/story.ts";
import { type CustomersSummary, summariseCustomers } from "../../customers/summary.ts";
import { summariseTrade } from "../../customers/trade.ts";
import { type Choices, everything, type Filter } from "../../filter.ts";
import { count, percent, plural, uah, uahShort } from "../../format.ts";
import { h, items } from "../dom.ts";
import { filteredPage } from "../filtered-page.ts";
import { grid, showInstead, terms } from "../frame.ts";
import { kpi } from "../kpi.ts";
import { customerCards, tradeCards } from "./cards.ts";

const NOBODY = "No registered customers in this selection: choose other days, stores or order types.";
const NO_ORDERS = "No orders in this selection: choose other days, stores or order types.";

/** Shows the customers page. If some marts are missing, the charts that do not need them are still shown. */
export function customersPage({ data, missing }: CustomersReport): void {
  const { customers, trade } = data;
  // Registrations may begin before the first order. Offer the longer span of days.
  const choices = [customers, trade].reduce<Choices | undefined>(
    (longest, part) => (part !== undefined && part.days.count > (longest?.days.count ?? 0) ? part : longest),
    undefined,
  );
  if (choices === undefined) {
    showInstead(
      missing.customers ??
        missing.trade ??
        "There are no customers and no orders yet. Figures appear here after the first ones.",
    );
    return;
  }

  const kpis = [
    kpi("customers", "Customers"),
    kpi("active", "Active in 30 days"),
    kpi("repeat", "Repeat purchase rate"),
    kpi("ltv", "Average lifetime value"),
  ];
  const story = h("ul", { class: "story", id: "story", "aria-label": "At a glance" });
  const asOf = h("p", { class: "lead" });
  const cards = customerCards(customers, data.gaps);
  const tradeCard = tradeCards();
  filteredPage({
    choices,
    initial: everything(choices),
    words: { days: "Registered", store: "Home store", orderType: "Main order type" },
    sections: [
      { id: "overview", link: "Overview", content: [asOf, grid(...kpis), story] },
      {
        id: "leaving",
        link: "Who is leaving",
        content: [grid(cards.leaving, cards.lately, cards.levels)],
      },
      { id: "segments", link: "Segments", content: [grid(cards.segments, cards.grid)] },
      {
        id: "value",
        link: "Value",
        title: "Lifetime value",
        content: [grid(cards.value, cards.curves)],
      },
      {
        id: "visits",
        link: "Visits",
        title: "Visits and retention",
        content: [grid(cards.activity, cards.gaps, cards.retention)],
      },
      {
        id: "who",
        link: "Who they are",
        content: [grid(tradeCard.trade, tradeCard.shares, cards.channels, cards.age)],
      },
      {
        id: "meaning",
        link: "Definitions",
        title: "What the figures mean",
        content: [segmentTerms(customers), terms(meanings)],
      },
    ],
    update(filter) {
      const summary =
        customers && customers.profiles.registered.length > 0 ? summariseCustomers(customers, data, filter) : undefined;
      const some = summary !== undefined && summary.totals.customers > 0 ? summary : undefined;
      const nobody =
        missing.customers ??
        (customers?.profiles.registered.length === 0 ? "There are no registered customers with orders yet." : NOBODY);
      story.replaceChildren(...items(some === undefined ? [] : customersStory(some)));
      story.hidden = some === undefined;
      asOf.textContent = some === undefined ? nobody : asOfWords(filter, some);
      showKpis(kpis, some);
      const needs: Readonly<Partial<Record<keyof typeof cards, string | undefined>>> = {
        gaps: missing.gaps,
        retention: missing.months,
        curves: missing.months,
      };
      for (const [name, card] of Object.entries(cards))
        card.show(some === undefined ? nobody : (needs[name as keyof typeof cards] ?? card.view(some)));
      const trade = data.trade && summariseTrade(data.trade, filter);
      const orders = trade === undefined ? 0 : trade.registered.orders + trade.anonymous.orders;
      for (const card of Object.values(tradeCard))
        card.show(trade === undefined ? (missing.trade ?? NO_ORDERS) : orders === 0 ? NO_ORDERS : card.view(trade));
    },
  });
}

const meanings = {
  rfm: "Segments",
  ltv: "Lifetime value",
  churn: "Left",
  activity: "Active",
  repeat_customer: "Repeat purchase rate",
  days_between_visits: "Days between visits",
  cohort: "Cohort",
  retention: "Retention",
  customer_age: "Time since registration",
  registered: "Registered order",
  home_store: "Home store",
  main_order_type: "Main order type",
  avg_order_value: "Average order value",
  as_of_date: "As of",
  customer_filters: "Filters",
};

function segmentTerms(customers: Customers | undefined): HTMLElement {
  const pairs = (customers?.segments ?? []).flatMap(({ name, meaning }) => [h("dt", {}, name), h("dd", {}, meaning)]);
  return h("dl", { class: "terms" }, ...pairs);
}

function asOfWords(filter: Filter, { silent }: CustomersSummary): string {
  if (filter.from > filter.to) return "The first day is after the last one.";
  const quiet =
    silent === 0 ? "" : ` ${plural(silent, "more customer has", "more customers have")} registered but never ordered.`;
  return `The filters choose customers by registration day, home store and main order type. All figures about them are as of the last day of orders.${quiet}`;
}

function showKpis(
  [customers, active, repeat, ltv]: readonly ReturnType<typeof kpi>[],
  summary: CustomersSummary | undefined,
): void {
  if (summary === undefined) {
    for (const one of [customers, active, repeat, ltv]) one?.show("–");
    return;
  }
  const { totals } = summary;
  const part = (number: number) => percent(number / totals.customers);
  const each = Math.round(totals.orders / totals.customers);
  customers?.show(count(totals.customers), {
    words: `${count(totals.churned)} ${totals.churned === 1 ? "has" : "have"} left (${part(totals.churned)})`,
  });
  active?.show(count(totals.active30), {
    words: `${part(totals.active30)}; ${count(totals.active7)} in 7 days, ${count(totals.active90)} in 90`,
  });
  repeat?.show(part(totals.repeat), {
    words: `${count(totals.repeat)} came back; ${plural(each, "order")} per customer`,
  });
  ltv?.show(uah(totals.ltv / totals.customers), {
    words: `median ${uah(quantile(summary.ltvs, 0.5))}; ${uahShort(totals.ltv)} in total`,
  });
}
