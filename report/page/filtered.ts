import { type Choices, type Filter, parseFilter, printFilter } from "../filter.ts";
import { h } from "./dom.ts";
import { type FilterWords, filterBar } from "./filters.ts";
import { section } from "./frame.ts";

/** A part of the page. */
export interface Section {
  readonly id: string;
  /** In the bar of filters, where there is little room. */
  readonly link: string;
  /** @default link */
  readonly title?: string;
  readonly content: readonly Node[];
}

/** What a page of filtered figures consists of. */
export interface Filtered {
  readonly choices: Choices;
  readonly initial: Filter;
  readonly words: FilterWords;
  readonly sections: readonly Section[];
  /** Shows the figures of a filter. */
  update(filter: Filter): void;
}

/**
 * Puts a page together: its bar of filters, its sections, and the filter in the part of the link after #, where it can be shared.
 * Returns what sets the filter, for charts in which one can choose.
 */
export function filtered({
  choices,
  initial,
  words,
  sections,
  update,
}: Filtered): (change: (filter: Filter) => Filter) => void {
  let filter = parseFilter(location.hash, initial, choices);
  const bar = filterBar(choices, initial, sections, words, apply);
  const said = h("p", { class: "sr", role: "status" });

  function apply(next: Filter): void {
    filter = next;
    update(filter);
    const hash = printFilter(filter, initial);
    // A step of its own, so that Back undoes a choice, such as a click on a store.
    if (hash !== location.hash.slice(1))
      history.pushState(null, "", hash === "" ? location.pathname + location.search : `#${hash}`);
    said.textContent = "The figures are up to date.";
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
