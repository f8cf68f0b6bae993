import { catalogOf, type RoomTable, tableNamed, tablesOf } from "analysis-rules";
import { type AnalysisRule, checkRule } from "analysis-rules/policy";
import {
  type Analyser,
  type ColumnKind,
  loadAnalyser,
  SqlError,
  type Type,
  toDuckDb,
  UnsupportedSql,
} from "googlesql-duckdb/tree";
import { type Declared, holding, need, type Rehearsal, wrong } from "pulumi-rehearsal";
import { PARTIES, parties } from "../cleanroom/party.ts";
import { openDuckDb } from "../generator/warehouse/duckdb.ts";
import { datasets } from "./declared-tables.ts";
import { checkWaits, cleanRoomResources } from "./exchanges.ts";
import { databases, databaseUrl } from "./output-folder.ts";

/** The type token of the dynamic resource `PrivacyView`, a view with an analysis rule. */
export const PRIVACY_VIEW = "pulumi-nodejs:dynamic/bigquery-clean-room:PrivacyView";

/** A view that exists in the warehouse. */
export interface MadeView {
  readonly table: RoomTable;
  /** The tables that it reads. */
  readonly sources: readonly RoomTable[];
}

/** Records a view with an analysis rule. `makeViews` creates it. */
export function realisePrivacyView(rehearsal: Rehearsal, view: Declared): void {
  const { views } = cleanRoomResources(rehearsal);
  const dataset = need<string>(view, "dataset");
  if (!datasets(rehearsal).has(dataset)) throw wrong(view, `is in the dataset ${dataset}, which is not declared`);
  const id = `${need(view, "project")}.${dataset}.${need(view, "view")}`;
  if (views.has(id)) throw wrong(view, `${id} is declared twice`);
  views.set(id, view);
}

/**
 * Creates the declared views with analysis rules in the warehouse, from their declared queries over the parties' own tables.
 * Throws UserError that names a view that BigQuery would refuse.
 * @returns the views by `project.dataset.view`
 */
export async function makeViews(rehearsal: Rehearsal, tables: readonly RoomTable[]): Promise<Map<string, MadeView>> {
  const made = new Map<string, MadeView>();
  if (cleanRoomResources(rehearsal).views.size === 0) return made;
  const analyser = await loadAnalyser(catalogOf(tables));
  const tableOf = tablesOf(tables);
  const created: string[] = [];
  try {
    for (const [id, view] of cleanRoomResources(rehearsal).views) {
      const { columns, sql, sources } = await translateView(rehearsal, analyser, tableOf, tables, view);
      const table = tableOfView(view, id, columns);
      const names = columns.map(({ name }) => `"${name}"`).join(", ");
      // A dataset of neither party has its tables in the other file.
      created.push(`CREATE SCHEMA IF NOT EXISTS ${table.dataset}`);
      created.push(`CREATE VIEW ${table.relation} (${names}) AS ${sql}`);
      made.set(id, { table, sources });
    }
  } finally {
    analyser.close();
  }
  await holding(rehearsal, [{ name: databases.cleanRoom }], async () => {
    const warehouse = await openDuckDb(databaseUrl(rehearsal, databases.cleanRoom));
    await warehouse.run(created.join(";\n")).finally(() => warehouse.close());
  });
  return made;
}

/** Translates a view's query to DuckDB's SQL. Returns the SQL, the view's columns, and the tables that it reads. */
async function translateView(
  rehearsal: Rehearsal,
  analyser: Analyser,
  tableOf: (id: string) => RoomTable,
  tables: readonly RoomTable[],
  view: Declared,
) {
  const query = need<string>(view, "query");
  try {
    const sources = analyser.tablesOf(query).map((path) => sourceOf(rehearsal, tables, view, path));
    // Let jobs start and end in between.
    const analysed = await analyser.analyseSoon(query);
    const columns = analysed.outputs.map(({ name, column }) => ({ name, kind: kindOf(view, name, column.type) }));
    checkNames(
      view,
      columns.map(({ name }) => name),
    );
    const relation = (id: string) => tableOf(id).relation;
    return { sources, columns, sql: toDuckDb(analysed, { relation, notes: new Map(), sensitive: false }) };
  } catch (error) {
    if (!(error instanceof SqlError || error instanceof UnsupportedSql)) throw error;
    const place = error.line === undefined ? "" : ` [at ${error.line}:${error.column}]`;
    throw wrong(view, `its query fails: ${error.message}${place}`);
  }
}

/** A table that a view reads. Throws UserError if BigQuery might create the view before the table. */
function sourceOf(
  rehearsal: Rehearsal,
  tables: readonly RoomTable[],
  view: Declared,
  path: readonly string[],
): RoomTable {
  const table = tableNamed(tables, path);
  if (table === undefined) throw wrong(view, `reads ${path.join(".")}, but no party has such a table`);
  const declared = datasets(rehearsal).get(table.dataset)?.tables ?? [];
  checkWaits(
    rehearsal,
    view,
    declared.filter(({ inputs }) => inputs.tableId === table.table),
    "reads it",
  );
  return table;
}

/** Throws UserError unless the view declares the columns of its query, in their order. */
function checkNames(view: Declared, found: readonly string[]): void {
  const declared = need<{ name: string }[]>(view, "columns").map(({ name }) => name);
  if (declared.join() !== found.join())
    throw wrong(view, `declares the columns ${declared.join(", ")}, but its query has ${found.join(", ")}`);
}

function tableOfView(view: Declared, id: string, columns: RoomTable["columns"]): RoomTable {
  const [project = "", dataset = "", table = ""] = id.split(".");
  const owner = PARTIES.find((party) => parties[party].shared === dataset);
  if (owner === undefined)
    throw wrong(
      view,
      `is in ${dataset}, but parties share views only in ${PARTIES.map((party) => parties[party].shared).join(" and ")}`,
    );
  return { id, project, dataset, table, owner, columns, rule: ruleOf(view, columns), relation: `${dataset}.${table}` };
}

/** The declared rule. Throws UserError if BigQuery would refuse it for a view with these columns. */
function ruleOf(view: Declared, columns: RoomTable["columns"]): AnalysisRule {
  const rule = need<AnalysisRule>(view, "rule");
  const faults = checkRule(
    rule,
    columns.map(({ name }) => name),
  );
  if (faults.length > 0) throw wrong(view, faults.join("; "));
  return rule;
}

const kinds: Readonly<Record<string, ColumnKind>> = {
  TYPE_INT64: "INT64",
  TYPE_DOUBLE: "FLOAT64",
  TYPE_NUMERIC: "NUMERIC",
  TYPE_STRING: "STRING",
  TYPE_BOOL: "BOOL",
  TYPE_DATE: "DATE",
  TYPE_TIMESTAMP: "TIMESTAMP",
};

function kindOf(view: Declared, column: string, { typeKind }: Type): ColumnKind {
  const kind = kinds[typeKind];
  if (kind === undefined)
    throw wrong(
      view,
      `column ${column} has the type ${typeKind.replace("TYPE_", "")}, which the rehearsal does not know`,
    );
  return kind;
}
