import { dayAt, rangeName } from "../days.ts";
import { type Choices, type Filter, lastDay } from "../filter.ts";
import { list } from "../format.ts";
import { h } from "./dom.ts";

/** The bar of filters, and the links to the page's sections. */
export interface FilterBar {
  readonly element: HTMLElement;
  /** Shows a filter that came from elsewhere: a link, a click in a chart. */
  show(filter: Filter): void;
}

/** What a page calls the three. */
export interface FilterWords {
  readonly days: string;
  readonly store: string;
  readonly orderType: string;
}

interface Period {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** The days that a reader is likely to want, by name; each at least partly within the data. */
export function periods({ days }: Pick<Choices, "days">): Period[] {
  const last = lastDay(days);
  const year = Number(last.slice(0, 4));
  const lately = (name: string, length: number) => ({ name, from: dayAt(last, 1 - length), to: last });
  const years = Array.from({ length: year - Number(days.first.slice(0, 4)) + 1 }, (_, i) => ({
    name: String(year - i),
    from: `${year - i}-01-01`,
    to: `${year - i}-12-31`,
  }));
  return [
    { name: "All days", from: days.first, to: last },
    lately("Last 7 days", 7),
    lately("Last 30 days", 30),
    lately("Last 90 days", 90),
    lately("Last 12 months", 365),
    ...years.map(({ name, from, to }) => ({
      name,
      from: from < days.first ? days.first : from,
      to: to > last ? last : to,
    })),
  ].filter(({ from }, i) => i === 0 || from >= days.first);
}

/** Makes the bar. @param change is called with what the reader chose @param initial is what Reset goes back to */
export function filterBar(
  choices: Choices,
  initial: Filter,
  sections: readonly { readonly id: string; readonly link: string }[],
  words: FilterWords,
  change: (filter: Filter) => void,
): FilterBar {
  let filter = initial;
  const named = periods(choices);
  const last = lastDay(choices.days);
  const set = (next: Partial<Filter>) => {
    filter = { ...filter, ...next };
    show(filter);
    change(filter);
  };

  const period = h("select", {
    id: "period",
    "aria-label": words.days,
    onchange: () => {
      const { from, to } = named[Number(period.value)] ?? filter;
      set({ from, to });
    },
  });
  period.append(
    ...named.map(({ name }, i) => h("option", { value: i }, name)),
    h("option", { value: "other", hidden: true }, "Own dates"),
  );
  const date = (id: "from" | "to", label: string) =>
    h("input", {
      type: "date",
      id,
      "aria-label": label,
      min: choices.days.first,
      max: last,
      onchange: (event) => {
        const { value } = event.target as HTMLInputElement;
        if (value === "") show(filter);
        else set({ [id]: value });
      },
    });
  const from = date("from", "First day");
  const to = date("to", "Last day");
  const stores = chips(
    words.store,
    choices.stores.map(({ name }) => name),
    (stores) => set({ stores }),
  );
  const types = chips(words.orderType, choices.orderTypes, (orderTypes) => set({ orderTypes }));
  const clear = h("button", { type: "button", class: "plain clear", onclick: () => set(initial) }, "Reset");
  const chosen = h("span");
  const open = h(
    "button",
    {
      type: "button",
      class: "chip open-filters",
      "aria-expanded": "false",
      onclick: () => open.setAttribute("aria-expanded", String(!element.classList.toggle("closed"))),
    },
    chosen,
  );
  const element = h(
    "div",
    { class: "bar closed", role: "search", "aria-label": "Filters" },
    h(
      "div",
      {},
      open,
      h("fieldset", {}, h("legend", {}, words.days), period, from, h("span", { "aria-hidden": "true" }, "–"), to),
      stores.element,
      types.element,
      clear,
      h(
        "nav",
        { class: "sections", "aria-label": "Sections" },
        ...sections.map(({ id, link }) => h("a", { href: `#${id}`, onclick: (event) => goTo(event, id) }, link)),
      ),
    ),
  );

  function show(shown: Filter): void {
    filter = shown;
    const at = named.findIndex(({ from, to }) => from === filter.from && to === filter.to);
    period.value = at < 0 ? "other" : String(at);
    from.value = filter.from;
    to.value = filter.to;
    stores.show(filter.stores);
    types.show(filter.orderTypes);
    clear.hidden = JSON.stringify(filter) === JSON.stringify(initial);
    chosen.textContent = filterWords(filter, named[at]?.name);
  }
  show(filter);
  return { element, show };
}

/** A filter in words: `Last 12 months · Podil and Obolon · all order types`. */
export function filterWords(filter: Filter, period = rangeName(filter.from, filter.to)): string {
  const stores = filter.stores.length > 0 ? list(filter.stores) : "all stores";
  const types = filter.orderTypes.length > 0 ? list(filter.orderTypes) : "all order types";
  return `${period} · ${stores} · ${types}`;
}

/** Buttons of which any number may be pressed; the first one stands for all. */
function chips(legend: string, names: readonly string[], change: (chosen: string[]) => void) {
  const all = h("button", { type: "button", class: "chip", onclick: () => change([]) }, "All");
  all.setAttribute("aria-label", `${legend}: all`);
  const buttons = names.map((name) =>
    h("button", { type: "button", class: "chip", onclick: () => change(toggled(name)) }, name),
  );
  let chosen: readonly string[] = [];
  function toggled(name: string): string[] {
    const next = names.filter((one) => (one === name ? !chosen.includes(one) : chosen.includes(one)));
    return next.length === names.length ? [] : next;
  }
  return {
    element: h("fieldset", {}, h("legend", {}, legend), ...(names.length > 1 ? [all, ...buttons] : buttons)),
    show(shown: readonly string[]) {
      chosen = shown;
      all.setAttribute("aria-pressed", String(shown.length === 0));
      for (const [i, button] of buttons.entries())
        button.setAttribute(
          "aria-pressed",
          String(shown.includes(names[i] ?? "") || (names.length === 1 && shown.length === 0)),
        );
    },
  };
}

/** The part of the link after # holds the filter, so that a section is gone to by hand. */
function goTo(event: Event, id: string): void {
  event.preventDefault();
  const heading = document.getElementById(id)?.querySelector("h2");
  heading?.closest("section")?.scrollIntoView();
  heading?.focus({ preventScroll: true });
}
