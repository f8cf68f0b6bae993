import type { IndexReport } from "../glance.ts";
import type { PageName } from "../report.ts";
import { h, items } from "./dom.ts";
import { pages, pageUrl } from "./frame.ts";

const about: Readonly<Record<PageName, string>> = {
  sales: "Revenue, orders and baskets: the best hours, the best store, what sells, what is given away.",
  customers: "Segments, lifetime value, loyalty and retention: who comes back, and who is leaving.",
  "clean-room": "What a merchant and an e-wallet learn from each other's customers, and what the rules hold back.",
};

/** The page that links the others, with what each of them says first. */
export function contentsPage({ meta, data: { glance = {} } }: IndexReport): void {
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
            h("ul", {}, ...items(glance[page] ?? [])),
          ),
        ),
      ),
    );
}
