import { otherParty, type Party, parties, titles } from "../../../cleanroom/party.ts";
import { h } from "../../../report/page/dom.ts";
import type { ColumnView, PartyView, RoomView, TableView, TemplateView } from "../api.ts";
import { codeName } from "./prose.ts";

/** The actions behind the catalogue's buttons. */
export interface CatalogueActions {
  /** Inserts a name into the editor, as a party. */
  insert(party: Party, name: string): void;
  /** Puts a query into the editor, as a party. */
  load(party: Party, sql: string): void;
}

const about = {
  merchant: "Sells clothes online. It knows its customers, their orders, and where they came from.",
  wallet: "Moves money. It knows who its users are, which tier they pay for, and each payment.",
} as const;

/** The two parties side by side: the tables of each, what it sees of the other, and the templates that it can call. */
export function catalogue({ parties }: RoomView, actions: CatalogueActions): HTMLElement {
  return h("div", { class: "parties" }, ...parties.map((party) => partyCard(party, actions)));
}

function partyCard({ name, tables, templates }: PartyView, actions: CatalogueActions): HTMLElement {
  const other = parties[otherParty(name)].title;
  const of = (whose: TableView["whose"]) =>
    tables.filter((table) => table.whose === whose).map((table) => tableItem(table, name, actions));
  const callable = templates.filter(({ owner }) => owner !== name);
  return h(
    "section",
    { class: `party-box ${name}`, "aria-labelledby": `party-${name}` },
    h("h3", { id: `party-${name}` }, titles[name]),
    h("p", {}, about[name]),
    h("h4", {}, `Views shared by ${other}`),
    h("ul", {}, ...of("linked")),
    h("h4", {}, `Query templates of ${other}`),
    h("ul", {}, ...callable.map((template) => templateItem(template, name, actions))),
    h("h4", {}, "Its own tables, which nobody else can read"),
    h("ul", {}, ...of("own")),
    h("h4", {}, `Shares with ${other}`),
    h("ul", {}, ...of("offered")),
  );
}

function tableItem(table: TableView, party: Party, { insert }: CatalogueActions): HTMLElement {
  const { name, columns, rule, columnsOnly } = table;
  return h(
    "li",
    {},
    h(
      "details",
      {},
      h("summary", {}, codeName(name), rule && h("small", {}, inWords(rule))),
      columnsOnly && h("p", {}, "You see its columns but cannot query it: only query templates read its rows."),
      columnList(columns),
      h(
        "button",
        {
          type: "button",
          class: "plain",
          "aria-label": `Insert into the query: ${name}`,
          onclick: () => insert(party, name),
        },
        "Insert into the query",
      ),
    ),
  );
}

/** "Aggregation threshold: groups of at least 50 people; must be joined on hashed_email". */
function inWords({ name, shows, joins }: NonNullable<TableView["rule"]>): string {
  return `${name}: ${shows}${joins === undefined || name === "List overlap" ? "" : `; ${joins}`}`;
}

function templateItem(template: TemplateView, party: Party, { load }: CatalogueActions): HTMLElement {
  const { name, question, guards, parameters, columns, example } = template;
  return h(
    "li",
    {},
    h(
      "details",
      {},
      h("summary", {}, h("code", {}, name.split(".")[1] ?? name), question !== undefined && h("small", {}, question)),
      h("p", {}, h("b", {}, "Guards. "), guards),
      h("p", {}, h("b", {}, "Passed in")),
      columnList(parameters),
      h("p", {}, h("b", {}, "Answer")),
      columnList(columns),
      example !== undefined &&
        h(
          "button",
          {
            type: "button",
            class: "plain",
            "aria-label": `Load a call: ${name}`,
            onclick: () => load(party, example),
          },
          "Load a call",
        ),
    ),
  );
}

function columnList(columns: readonly ColumnView[]): HTMLElement {
  return h(
    "ul",
    { class: "columns" },
    ...columns.map(({ name, type, description }) =>
      h(
        "li",
        {},
        h("code", {}, name),
        h("small", {}, ` ${type}${description === undefined ? "" : `: ${description}`}`),
      ),
    ),
  );
}
