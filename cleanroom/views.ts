import { type AnalysisRule, checkRule, ruleKind } from "analysis-rules/policy";
import { columnNames, type Table } from "../generator/tables/table.ts";
import { applyRule, checkFields, type Overrides } from "./overrides.ts";
import { type Party, parties } from "./party.ts";
import { type DerivedColumn, definitions, type ViewDefinition } from "./shared-views.ts";

/** A view as a party shares it. */
export interface SharedView {
  /**
   * The name of the view, in the owner's dataset and in the linked dataset. BigQuery cannot change the kind of a view's rule, so if
   * settings choose another kind than the default, the name ends in that kind.
   */
  readonly name: string;
  readonly party: Party;
  readonly description: string;
  readonly columns: readonly { readonly name: string; readonly description: string }[];
  readonly rule: AnalysisRule;
  /** Its GoogleSQL query, which names tables in full. */
  readonly query: (projects: Readonly<Record<Party, string>>) => string;
}

/**
 * The shared views after the changes by the setting `sharedViews`.
 * @returns the views without errors, and a list of everything that is wrong with the overrides
 */
export function shareViews(overrides: Overrides = {}, shared: readonly ViewDefinition[] = definitions) {
  const names = shared.map(({ name }) => name);
  const wrong = Object.keys(overrides)
    .filter((name) => !names.includes(name))
    .map((name) => `${name} is not a shared view: use one of ${names.join(", ")}`);
  const views = shared.flatMap((definition) => {
    const { name } = definition;
    const found = shareView(definition, overrides[name]);
    if (!Array.isArray(found)) return [found];
    wrong.push(...found.map((what) => `${name}: ${what}`));
    return [];
  });
  return { views, wrong };
}

/** The view, or a list of what is wrong with it. */
function shareView(definition: ViewDefinition, override: unknown = {}): SharedView | string[] {
  const fields = checkFields(override);
  if (Array.isArray(fields)) return fields;
  const columns = fields.columns ?? definition.columns;
  const applied = applyRule(definition.rule, fields);
  const wrong = Array.isArray(applied) ? applied : checkRule(applied, columns);
  wrong.unshift(...checkColumns(definition, columns));
  if (wrong.length > 0 || Array.isArray(applied)) return wrong;

  const { name, party, description, rule } = definition;
  const kind = ruleKind(applied);
  return {
    name: kind === ruleKind(rule) ? name : `${name}_${kind}`,
    party,
    description,
    columns: columns.map((column) => ({ name: column, description: columnOf(definition, column).description })),
    rule: applied,
    query: (projects) => queryOf(definition, columns, projects[party]),
  };
}

function checkColumns({ source, derived }: ViewDefinition, columns: readonly string[]): string[] {
  const open = columnNames(source).filter((name) => !source.columns[name]?.pii);
  const allowed = [...open, ...Object.keys(derived)];
  const wrong = columns.flatMap((name) => {
    const { blurs = [], sql = "" } = derived[name] ?? {};
    const read = [...sql.matchAll(/\bs\.(\w+)/g)].map(([, column = ""]) => column);
    const shows = name in derived ? read.filter((column) => !blurs.includes(column)) : [name];
    const personal = shows.filter((column) => source.columns[column]?.pii);
    if (personal.length > 0)
      return [`columns has "${name}", which is personal data and cannot be shared: use some of ${allowed.join(", ")}`];
    return allowed.includes(name)
      ? []
      : [`columns has "${name}", which ${source.table} does not have: use some of ${allowed.join(", ")}`];
  });
  if (columns.length === 0) wrong.push(`columns is empty: use some of ${allowed.join(", ")}`);
  if (new Set(columns).size < columns.length) wrong.push(`columns has one twice: ${columns.join(", ")}`);
  return wrong;
}

function columnOf({ source, derived }: ViewDefinition, name: string): { description: string; sql?: string } {
  return derived[name] ?? { description: source.columns[name]?.description ?? "" };
}

function queryOf(definition: ViewDefinition, columns: readonly string[], project: string): string {
  const nameOf = (table: Table) => `\`${project}.${table.dataset}.${table.table}\``;
  const { source, joins } = definition;
  const shown = columns.map((name) => {
    const { sql }: Partial<DerivedColumn> = columnOf(definition, name);
    return sql === undefined ? `  s.${name}` : `  ${sql} AS ${name}`;
  });
  const from = [`FROM ${nameOf(source)} AS s`, ...(joins ? [joins(nameOf)] : [])];
  return `SELECT\n${shown.join(",\n")}\n${from.join("\n")}`;
}

/** `project.dataset.view` of a shared view. */
export function viewId(view: SharedView, projects: Readonly<Record<Party, string>>): string {
  return `${projects[view.party]}.${parties[view.party].shared}.${view.name}`;
}
