import { rangeName } from "../days.ts";
import { type Choices, type Filter, printFilter } from "../filter.ts";
import { list } from "../format.ts";
import { chips } from "./chips.ts";
import { dayFields } from "./day-fields.ts";
import { h } from "./dom.ts";

/** The filters, and links to the page's sections. */
export interface FilterBar {
  readonly element: HTMLElement;
  /** Shows a filter that was chosen elsewhere: by a link, or a click in a chart. */
  show(filter: Filter): void;
}

/** A page's labels for the three filters. */
export interface FilterWords {
  readonly days: string;
  readonly store: string;
  readonly orderType: string;
  /** Only on pages that offer categories. */
  readonly category?: string;
}

/** Makes the bar. @param initial the filter that Reset restores @param change is called with the filter that the reader chooses */
export function filterBar(
  choices: Choices,
  initial: Filter,
  sections: readonly { readonly id: string; readonly link: string }[],
  words: FilterWords,
  change: (filter: Filter) => void,
): FilterBar {
  let filter = initial;
  const set = (next: Partial<Filter>) => {
    filter = { ...filter, ...next };
    show(filter);
    change(filter);
  };

  const days = dayFields(words.days, choices, set);
  const stores = chips(
    words.store,
    choices.stores.map(({ name }) => name),
    (stores) => set({ stores }),
  );
  const types = chips(words.orderType, choices.orderTypes, (orderTypes) => set({ orderTypes }));
  const categories =
    choices.categories && chips(words.category ?? "", choices.categories, (chosen) => set({ categories: chosen }));
  const clear = h(
    "button",
    { type: "button", class: "plain clear", onclick: () => set({ categories: [], ...initial }) },
    "Reset",
  );
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
  const element: HTMLElement = h(
    "div",
    { class: "bar closed", role: "search", "aria-label": "Filters" },
    h(
      "div",
      {},
      open,
      days.element,
      stores.element,
      types.element,
      categories?.element,
      clear,
      h(
        "nav",
        { class: "sections", "aria-label": "Sections" },
        ...sections.map(({ id, link }) =>
          h("a", { href: `#${id}`, onclick: (event) => goTo(event, id, element.offsetHeight) }, link),
        ),
      ),
    ),
  );

  function show(shown: Filter): void {
    filter = shown;
    const period = days.show(filter);
    stores.show(filter.stores);
    types.show(filter.orderTypes);
    categories?.show(filter.categories ?? []);
    clear.hidden = printFilter(filter, initial) === "";
    chosen.textContent = filterWords(filter, period);
  }
  show(filter);
  return { element, show };
}

/** A filter in words: `Last 12 months · Podil and Obolon · all order types`. */
function filterWords(filter: Filter, period = rangeName(filter.from, filter.to)): string {
  const stores = filter.stores.length > 0 ? list(filter.stores) : "all stores";
  const types = filter.orderTypes.length > 0 ? list(filter.orderTypes) : "all order types";
  const categories = filter.categories?.length ? ` · ${list(filter.categories)}` : "";
  return `${period} · ${stores} · ${types}${categories}`;
}

/** Scrolls to a section, below the bar. A plain link cannot: the part of the address after # holds the filter. */
function goTo(event: Event, id: string, barHeight: number): void {
  event.preventDefault();
  const section = document.getElementById(id);
  if (section === null) return;
  section.style.scrollMarginTop = `${barHeight}px`;
  section.scrollIntoView();
  section.querySelector("h2")?.focus({ preventScroll: true });
}
