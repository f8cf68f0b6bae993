import { type AnalysisRule, privacyPolicy } from "analysis-rules/policy";

/** A view with an analysis rule, as BigQuery's DDL describes it. */
export interface ViewToMake {
  /** The project's id. */
  readonly project: string;
  /** The dataset's id. */
  readonly dataset: string;
  /** The view's name. */
  readonly view: string;
  /** The description that the console shows. */
  readonly description: string;
  /** Labels, by key. */
  readonly labels: Readonly<Record<string, string>>;
  /** The columns with their descriptions, in the order of the query's. */
  readonly columns: readonly { readonly name: string; readonly description: string }[];
  /** The query, in GoogleSQL, with full table names. */
  readonly query: string;
  /** The analysis rule. */
  readonly rule: AnalysisRule;
}

/** The options that can be changed without creating the view again. */
export type ViewOption = "description" | "labels";

/** The statement that creates the view, or replaces one of that name. */
export function createView(view: ViewToMake): string {
  const columns = view.columns.map(({ name, description }) => `  ${name} OPTIONS (description = ${text(description)})`);
  const options = optionList(view, ["description", "labels", "rule"]);
  return `CREATE OR REPLACE VIEW ${path(view)} (\n${columns.join(",\n")}\n)\n${options}\nAS\n${view.query}`;
}

/** The statement that changes some options of the view and leaves the others alone. */
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

/** A string literal. GoogleSQL knows all of JSON's escapes. */
function text(value: string): string {
  return JSON.stringify(value);
}
