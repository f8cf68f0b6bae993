import { dayName } from "../days.ts";
import { count } from "../format.ts";
import type { Meta, PageName, Report } from "../report.ts";
import { h } from "./dom.ts";

/** What the figures mean, by name: dbt's docs blocks, put here when the page is built. */
declare const DEFINITIONS: Readonly<Record<string, string>>;

export const pages: Readonly<Record<PageName, string>> = {
  sales: "Sales",
  customers: "Customers",
  "clean-room": "Clean room",
};

const SHOP_UNITS = "Money in UAH (₴). Days and hours in Kyiv time.";

const units: Readonly<Record<PageName | "index", string>> = {
  sales: SHOP_UNITS,
  customers: SHOP_UNITS,
  "clean-room": "Money in US dollars.",
  index: "",
};

/** What is alike on all pages: the links between them, when and from what the page was made. */
export function frame({ page, meta }: Report<unknown>): void {
  const made = new Intl.DateTimeFormat("en-GB", {
    dateStyle: "long",
    timeStyle: "short",
    timeZone: meta.timeZone,
  }).format(new Date(meta.madeAt));

  if (meta.asOf !== undefined) document.getElementById("made")?.append(` Orders until ${dayName(meta.asOf)}.`);
  document
    .getElementById("pages")
    ?.append(
      ...meta.pages.map((name) =>
        h(
          "a",
          { href: pageUrl(meta, name), "aria-current": name === page && "page", onclick: keepFilter },
          pages[name],
        ),
      ),
    );
  const tables = meta.tables.map(({ name, rows }) =>
    rows === undefined ? `${name} (missing)` : `${name} (${count(rows)} rows)`,
  );
  document
    .getElementById("foot")
    ?.append(
      h(
        "p",
        {},
        `Made ${made}, Kyiv time, from ${[meta.source, tables.join(", ")].filter((words) => words !== "").join(": ")}.`,
      ),
      h("p", {}, `${units[page]} All of this is in the file itself: nothing is fetched, nothing is sent.`),
    );
}

/** Where a page is: beside this one, or where the reports are kept, since an object that a bucket shows has no neighbours. */
export function pageUrl({ base = "" }: Meta, page: PageName): string {
  return `${base}${page}.html`;
}

/** The same stores, types and days on the next page. */
function keepFilter(event: Event): void {
  const link = event.currentTarget as HTMLAnchorElement;
  link.hash = location.hash;
}

/** A section of a page with its heading. That of the overview is for ears only: it follows the page's own. */
export function section(id: string, title: string, ...content: Node[]): HTMLElement {
  return h(
    "section",
    { id, "aria-labelledby": `${id}-heading` },
    h("h2", { id: `${id}-heading`, tabindex: -1, class: id === "overview" && "sr" }, title),
    ...content,
  );
}

/** A node, or what has one, such as a card. */
type Placed = Node | { readonly element: Node };

const nodes = (content: readonly Placed[]) => content.map((one) => ("element" in one ? one.element : one));

export function grid(...content: Placed[]): HTMLElement {
  return h("div", { class: "grid" }, ...nodes(content));
}

/** Cards one below the other, beside a tall one. @param width as that of a card */
export function stack(width: string, ...content: Placed[]): HTMLElement {
  return h("div", { class: `stack ${width}` }, ...nodes(content));
}

/** The definitions of some names, as a list; those that are not known are left out. */
export function terms(names: Readonly<Record<string, string>>): HTMLElement {
  return h(
    "dl",
    { class: "terms" },
    ...Object.entries(names).flatMap(([name, title]) => {
      const text = DEFINITIONS[name];
      return text === undefined ? [] : [h("dt", {}, title), h("dd", {}, text)];
    }),
  );
}

/** In place of a page that has nothing to show. */
export function instead(sentence: string): void {
  document.getElementById("main")?.replaceChildren(h("p", { class: "note", role: "status" }, sentence));
}
