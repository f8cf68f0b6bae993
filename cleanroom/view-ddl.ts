import { type AnalysisRule, privacyPolicy } from "./policy.ts";

/** What BigQuery's DDL says of a shared view. */
export interface ViewToMake {
  readonly project: string;
  readonly dataset: string;
  readonly view: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In the order of the query's. */
  readonly columns: readonly { readonly name: string; readonly description: string }[];
  readonly query: string;
  readonly rule: AnalysisRule;
}

/** What can be changed without making the view anew. */
export type ViewOption = "description" | "labels";

/** The statement that makes the view, in place of one of that name. */
export function createView(view: ViewToMake): string {
  const columns = view.columns.map(({ name, description }) => `  ${name} OPTIONS (description = ${text(description)})`);
  const options = optionList(view, ["description", "labels", "rule"]);
  return `CREATE OR REPLACE VIEW ${path(view)} (\n${columns.join(",\n")}\n)\n${options}\nAS\n${view.query}`;
}

/** The statement that sets some options of the view, and leaves the others as they are. */
export function alterView(view: ViewToMake, options: readonly ViewOption[]): string {
  return `ALTER VIEW ${path(view)} SET ${optionList(view, options)}`;
}

function path({ project, dataset, view }: ViewToMake): string {
  return `\`${project}.${dataset}.${view}\``;
}

function optionList({ description, labels, rule }: ViewToMake, chosen: readonly (ViewOption | "rule")[]): string {
  const pairs = Object.entries(labels).map(([name, value]) => `(${text(name)}, ${text(value)})`);
  const values = {
    description: `description = ${text(description)}`,
    labels: `labels = [${pairs.join(", ")}]`,
    rule: `privacy_policy = ${text(privacyPolicy(rule))}`,
  };
  return `OPTIONS (\n${chosen.map((option) => `  ${values[option]}`).join(",\n")}\n)`;
}

/** A literal of GoogleSQL, which knows all of JSON's escapes. */
function text(value: string): string {
  return JSON.stringify(value);
}
