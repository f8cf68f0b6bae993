import { type Choices, type Filter, parseFilter, printFilter } from "../filter.ts";
import { h } from "./dom.ts";
import { type FilterWords, filterBar } from "./filter-bar.ts";
import { section } from "./frame.ts";

/** A section of the page. */
export interface Section {
  readonly id: string;
  /** Its name in the filter bar, where there is little room. */
  readonly link: string;
  /** @default link */
  readonly title?: string;
  readonly content: readonly Node[];
}

/** The content of a page with filters. */
export interface FilteredPage {
  readonly choices: Choices;
  readonly initial: Filter;
  readonly words: FilterWords;
  readonly sections: readonly Section[];
  /** Shows the figures for a filter. */
  update(filter: Filter): void;
}

/**
 * Puts a page together from its filter bar and sections, and keeps the filter in the link after #, so that readers can share it.
 * Returns a function that changes the filter, for charts in which a reader can choose.
 */
export function filteredPage({
  choices,
  initial,
  words,
  sections,
  update,
}: FilteredPage): (change: (filter: Filter) => Filter) => void {
  let filter = parseFilter(location.hash, initial, choices);
  const bar = filterBar(choices, initial, sections, words, apply);
  const said = h("p", { class: "sr", role: "status" });

  function apply(next: Filter): void {
    filter = next;
    update(filter);
    const hash = printFilter(filter, initial);
    // Add a step to the history, so that Back undoes a choice, such as a click on a store.
    if (hash !== location.hash.slice(1))
      history.pushState(null, "", hash === "" ? location.pathname + location.search : `#${hash}`);
    said.textContent = "Figures updated.";
  }

  document.getElementById("bar")?.replaceWith(bar.element);
  document
    .getElementById("main")
    ?.replaceChildren(...sections.map(({ id, link, title = link, content }) => section(id, title, ...content)), said);
  addEventListener("hashchange", () => {
    filter = parseFilter(location.hash, initial, choices);
    bar.show(filter);
    update(filter);
  });
  bar.show(filter);
  update(filter);
  return (change) => {
    bar.show(change(filter));
    apply(change(filter));
  };
}
