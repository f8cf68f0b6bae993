import type { IndexReport } from "../highlights.ts";
import type { PageName } from "../report.ts";
import { h, items } from "./dom.ts";
import { pages, pageUrl } from "./frame.ts";

const about: Readonly<Record<PageName, string>> = {
  sales: "How much the chain sells, where, when and of what, and what it gives away in discounts.",
  customers: "Segments, lifetime value, loyalty and retention: who comes back and who is leaving.",
  "clean-room": "What a merchant and an e-wallet learn from each other's data, and what the rules hold back.",
};

/** Shows links to the other pages, each with its highlights. */
export function indexPage({ meta, data: { highlights = {}, beside = [] } }: IndexReport): void {
  document
    .getElementById("main")
    ?.replaceChildren(
      h(
        "div",
        { class: "grid contents" },
        ...meta.pages.map((page) =>
          h(
            "a",
            { class: "card w4", href: pageUrl(meta, page) },
            h("h2", {}, pages[page]),
            h("p", {}, about[page]),
            h("ul", {}, ...items(highlights[page] ?? [])),
          ),
        ),
        ...beside.map(({ href, name, about }) =>
          h("a", { class: "card w4", href }, h("h2", {}, name), h("p", {}, about)),
        ),
      ),
    );
}
