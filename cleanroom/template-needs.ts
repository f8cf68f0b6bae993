import type { JoinRestriction } from "analysis-rules/policy";
import { type Party, parties } from "./party.ts";
import type { QueryTemplate } from "./templates.ts";
import type { SharedView } from "./views.ts";

/** A shared view, as the query of a template reads it. */
interface Use {
  /** The view's columns that the query names. */
  readonly columns: readonly string[];
  /** The view's columns that its join compares. */
  readonly joinedOn: readonly string[];
}

/**
 * Why a query template could not read a shared view any more; undefined if it can, or if its query is written in another way than ours, which
 * give the view a name and join it by ON. BigQuery would refuse the template's function only when the stack creates it.
 */
export function missingFor({ body, owner }: QueryTemplate, view: SharedView): string | undefined {
  const use = useOf(body({ merchant: "", wallet: "" }), owner, view.name);
  if (use === undefined) return undefined;
  const shown = view.columns.map(({ name }) => name);
  const hidden = use.columns.filter((name) => !shown.includes(name));
  if (hidden.length > 0) return `reads its column ${hidden.join(", ")}`;
  if (allows(view.rule.joinRestriction, use.joinedOn)) return undefined;
  return use.joinedOn.length > 0 ? `joins it on ${use.joinedOn.join(", ")}` : "joins it on none of its columns";
}

function useOf(sql: string, owner: Party, view: string): Use | undefined {
  const code = sql.replace(/--.*$/gm, "");
  const joined = new RegExp(
    `\\.${parties[owner].shared}\\.${view}\`\\s+AS\\s+(\\w+)\\s+ON\\s(.*?)(?:\\b(?:JOIN|WHERE|GROUP)\\b|\\)|$)`,
    "is",
  );
  const [, alias, on = ""] = joined.exec(code) ?? [];
  if (alias === undefined) return undefined;
  const columnsIn = (text: string) => [
    ...new Set([...text.matchAll(new RegExp(`\\b${alias}\\.(\\w+)`, "g"))].map(([, column = ""]) => column)),
  ];
  return { columns: columnsIn(code), joinedOn: columnsIn(on) };
}

function allows(restriction: JoinRestriction | undefined, joinedOn: readonly string[]): boolean {
  if (restriction === undefined) return true;
  const { condition, columns } = restriction;
  if (!joinedOn.every((column) => columns.includes(column))) return false;
  if (condition === "JOIN_ALL") return columns.every((column) => joinedOn.includes(column));
  return condition !== "JOIN_ANY" || joinedOn.length > 0;
}
