import { otherParty, type Party, parties } from "../../cleanroom/party.ts";
import { formatRows, formatTable, indented, wrap } from "../terminal.ts";
import type { Seen, SeenTable, SeenTemplate } from "./seen.ts";
import type { BudgetLeft } from "./session.ts";

/** Everything that a party can name: its own tables and views, the views that are shared with it, and the query templates it can call. */
export function seenText(tables: readonly SeenTable[], templates: readonly SeenTemplate[], party: Party): string {
  const other = parties[otherParty(party)].title;
  const part = (title: string, whose: SeenTable["whose"]) => {
    const found = tables.filter((table) => table.whose === whose);
    return found.length === 0 ? [] : [title, ...found.map(lineOf), ""];
  };
  return [
    ...part("Your tables", "own"),
    ...part(`Views that you share with ${other}`, "offered"),
    ...part(`Views that ${other} shares with you`, "linked"),
    ...templatesText(templates, party),
  ]
    .join("\n")
    .trimEnd();
}

function lineOf({ name, rule, columnsOnly }: SeenTable): string {
  if (columnsOnly) return `  ${name}\n${wrap("Its columns only: query templates read its rows", "      ")}`;
  if (rule === undefined) return `  ${name}`;
  return `  ${name}\n${wrap(ruleText(rule), "      ")}`;
}

function ruleText({ name, shows, joins }: NonNullable<SeenTable["rule"]>): string {
  return `${name}: ${shows}${joins === undefined || name === "List overlap" ? "" : `; ${joins}`}`;
}

/** The query templates that a party can call, and those that it offers. */
export function templatesText(templates: readonly SeenTemplate[], party: Party): string[] {
  const calls = (found: readonly SeenTemplate[]) =>
    found.flatMap((template) => [
      `  ${template.name}(${template.parameters.map(({ name }) => name).join(", ")})`,
      ...(template.question ? [wrap(template.question, "      ")] : []),
    ]);
  const others = calls(templates.filter(({ owner }) => owner !== party));
  const own = calls(templates.filter(({ owner }) => owner === party));
  return [
    ...(others.length > 0
      ? ["Query templates that you can call: SELECT … FROM name(TABLE mine, …)", ...others, ""]
      : []),
    ...(own.length > 0 ? ["Query templates that you offer", ...own, ""] : []),
  ];
}

/** A table, view or template: columns, types, rule, and how it may be joined or called. */
export function describedText(seen: Seen, party: Party): string {
  const columns = (of: Seen["columns"], title: string) =>
    formatTable(of.map(({ name, type }) => ({ [title]: name, type })));
  const owner = seen.owner === party ? "you own" : `${parties[seen.owner].title} owns`;
  if (seen.kind === "template")
    return [
      `${seen.name}, a query template that ${owner}`,
      ...(seen.question ? [wrap(seen.question, "  ")] : []),
      "",
      columns(seen.parameters, "parameter"),
      "",
      columns(seen.columns, "column of the answer"),
      "",
      wrap(seen.guards, "  "),
      ...(seen.example ? ["", "To try:", "", indented(seen.example, "  ")] : []),
    ].join("\n");
  const { rule, columnsOnly, whose } = seen;
  const read = columnsOnly
    ? "You see its columns only: query templates read its rows."
    : rule === undefined
      ? "It has no rule: query and join it freely."
      : `${ruleText(rule)}.`;
  const kind = whose === "own" ? "table" : whose === "offered" ? "view that you share" : "view";
  return [`${seen.name}, a ${kind} that ${owner}`, "", columns(seen.columns, "column"), "", wrap(read, "  ")].join(
    "\n",
  );
}

/** The name in a statement that asks for tables, which BigQuery does not have: undefined for a query, "" for all tables. */
export function askedTable(sql: string): string | undefined {
  const [, name] = /^\s*(?:SHOW\s+TABLES|DESCRIBE|DESC)\b\s*(?:TABLE\s+)?([\w.`-]*)\s*;?\s*$/i.exec(sql) ?? [];
  return name;
}

/**
 * The rest of the privacy budgets as a table. A view stops answering when either its epsilon or its delta is spent.
 * @param width the columns that it may take, if the names of its columns can be broken to fit
 */
export function budgetText(budgets: readonly BudgetLeft[], width?: number): string {
  return formatRows(
    ["view", "epsilon left", "delta left"],
    budgets.map(({ view, epsilonLeft, epsilonBudget, deltaLeft, deltaBudget }) => [
      view,
      `${epsilonLeft} of ${epsilonBudget}`,
      `${deltaLeft} of ${deltaBudget}`,
    ]),
    "",
    "",
    width,
  );
}
