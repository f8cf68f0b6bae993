import { dayName } from "../days.ts";
import { count } from "../format.ts";
import type { Meta, PageName, Report } from "../report.ts";
import { h } from "./dom.ts";

/** `readDefinitions` of report/build.ts; esbuild puts it here. */
declare const DEFINITIONS: Readonly<Record<string, string>>;

export const pages: Readonly<Record<PageName, string>> = {
  sales: "Sales",
  customers: "Customers",
  "clean-room": "Clean room",
};

const SHOP_UNITS = "Amounts are in UAH (₴), days and hours in Kyiv time.";

const units: Readonly<Record<PageName | "index", string>> = {
  sales: SHOP_UNITS,
  customers: SHOP_UNITS,
  "clean-room": "Amounts are in US dollars.",
  index: "",
};

/** Fills in the parts that all pages share: the links between them, and the footer, which says when and from what the page was made. After a failed night, the header says why. */
export function frame({ page, meta }: Report<unknown>): void {
  const made = new Intl.DateTimeFormat("en-GB", {
    dateStyle: "long",
    timeStyle: "short",
    timeZone: meta.timeZone,
  }).format(new Date(meta.madeAt));

  const until = meta.until ?? meta.asOf;
  const lead = document.getElementById("made");
  // The index also introduces the clean room, whose data ends on another day.
  if (until !== undefined)
    lead?.append(` ${page === "index" ? "The coffee shops' data ends on" : "Data until"} ${dayName(until)}.`);
  if (meta.failed !== undefined)
    lead?.append(" ", h("strong", { class: "failed", role: "status" }, `Last night failed: ${meta.failed}.`));
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
  document.getElementById("foot")?.append(
    h(
      "p",
      {},
      // After a failed night, the time would suggest newer data than there is.
      `${meta.failed === undefined ? `Made ${made}, Kyiv time, from` : "From"} ${[meta.source, tables.join(", ")].filter((words) => words !== "").join(": ")}.`,
    ),
    h("p", {}, `${units[page]} The file contains all its data: it fetches and sends nothing.`),
  );
}

/** The address of a page: beside this one, or below `base` if the pages are in a bucket. */
export function pageUrl({ base = "" }: Meta, page: PageName): string {
  return `${base}${page}.html`;
}

/** Adds the filter to the link to the next page. */
function keepFilter(event: Event): void {
  const link = event.currentTarget as HTMLAnchorElement;
  link.hash = location.hash;
}

/** Makes a section with its heading. Only screen readers see the heading of the overview, since it follows the page's own. */
export function section(id: string, title: string, ...content: Node[]): HTMLElement {
  return h(
    "section",
    { id, "aria-labelledby": `${id}-heading` },
    h("h2", { id: `${id}-heading`, tabindex: -1, class: id === "overview" && "sr" }, title),
    ...content,
  );
}

/** A node, or an object with one, such as a card. */
type Placed = Node | { readonly element: Node };

const nodes = (content: readonly Placed[]) => content.map((one) => ("element" in one ? one.element : one));

/** Places cards on a grid of twelve columns. */
export function grid(...content: Placed[]): HTMLElement {
  return h("div", { class: "grid" }, ...nodes(content));
}

/** Places cards one below the other, beside a tall one. @param width a class of style/cards.css, such as w5 */
export function stack(width: string, ...content: Placed[]): HTMLElement {
  return h("div", { class: `stack ${width}` }, ...nodes(content));
}

/** Makes a list of definitions. @param names titles by name of the definition */
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

/** Shows a sentence in place of a page that has no figures. */
export function showInstead(sentence: string): void {
  document.getElementById("main")?.replaceChildren(h("p", { class: "note", role: "status" }, sentence));
}
