import { toDuckDb, UnsupportedSql } from "../cleanroom/duckdb/translate.ts";
import { type Analyser, type ColumnKind, loadAnalyser, SqlError, type Type } from "../cleanroom/googlesql/analyser.ts";
import { PARTIES, type Party, parties } from "../cleanroom/party.ts";
import { type AnalysisRule, checkRule } from "../cleanroom/policy.ts";
import { tableNamed } from "../cleanroom/rules/names.ts";
import { catalogOf, type Room, type RoomTable, tablesOf } from "../cleanroom/rules/room.ts";
import { openDuckDb } from "../generator/warehouse/duckdb.ts";
import { type Declared, need, wrong } from "./declaration.ts";
import { checkWaits } from "./sharing.ts";
import { type World, warehouseUrl } from "./world.ts";

/** A shared view as it was made. */
export interface MadeView {
  readonly table: RoomTable;
  /** The tables that it reads. */
  readonly sources: readonly RoomTable[];
}

/**
 * Makes the declared views with analysis rules in the warehouse, from their declared queries over the parties' own tables; by
 * `project.dataset.view`. Throws UserError that names the view for what BigQuery would refuse.
 */
export async function makeViews(world: World, tables: readonly RoomTable[]): Promise<Map<string, MadeView>> {
  const made = new Map<string, MadeView>();
  if (world.sharing.views.size === 0) return made;
  const room: Room = { projects: { merchant: "", wallet: "" }, tables: { merchant: tables, wallet: [] } };
  const analyser = await loadAnalyser(catalogOf(room, "merchant"));
  const tableOf = tablesOf(room, "merchant");
  const warehouse = await openDuckDb(warehouseUrl(world));
  try {
    for (const [id, view] of world.sharing.views) {
      const { columns, sql, sources } = translated(world, analyser, tableOf, tables, view);
      const table = tableOfView(view, id, columns);
      const names = columns.map(({ name }) => `"${name}"`).join(", ");
      await warehouse.run(`CREATE VIEW ${table.relation} (${names}) AS ${sql}`);
      made.set(id, { table, sources });
    }
  } finally {
    await warehouse.close();
  }
  return made;
}

/** A view's query in DuckDB's SQL, its columns, and what it reads. */
function translated(
  world: World,
  analyser: Analyser,
  tableOf: (id: string) => RoomTable,
  tables: readonly RoomTable[],
  view: Declared,
) {
  const query = need<string>(view, "query");
  try {
    const sources = analyser.tablesOf(query).map((path) => sourceOf(world, tables, view, path));
    const analysed = analyser.analyse(query);
    const columns = analysed.outputs.map(({ name, column }) => ({ name, kind: kindOf(view, name, column.type) }));
    checkNames(
      view,
      columns.map(({ name }) => name),
    );
    const relation = (id: string) => tableOf(id).relation;
    return { sources, columns, sql: toDuckDb(analysed, { relation, notes: new Map(), sensitive: new Set() }) };
  } catch (error) {
    if (!(error instanceof SqlError || error instanceof UnsupportedSql)) throw error;
    const place = error.line === undefined ? "" : ` [at ${error.line}:${error.column}]`;
    throw wrong(view, `its query cannot be made: ${error.message}${place}`);
  }
}

/** A table that a view reads. BigQuery makes a view only when its tables are there. */
function sourceOf(world: World, tables: readonly RoomTable[], view: Declared, path: readonly string[]): RoomTable {
  const table = tableNamed(tables, path);
  if (table === undefined) throw wrong(view, `reads ${path.join(".")}, and no such table of the parties is declared`);
  const declared = world.datasets.get(table.dataset)?.tables ?? [];
  checkWaits(
    world,
    view,
    declared.filter(({ inputs }) => inputs.tableId === table.table),
    "reads it",
  );
  return table;
}

/** The declared columns describe those of the query. */
function checkNames(view: Declared, found: readonly string[]): void {
  const declared = need<{ name: string }[]>(view, "columns").map(({ name }) => name);
  if (declared.join() !== found.join())
    throw wrong(view, `declares the columns ${declared.join(", ")}, and its query has ${found.join(", ")}`);
}

function tableOfView(view: Declared, id: string, columns: RoomTable["columns"]): RoomTable {
  const [project = "", dataset = "", table = ""] = id.split(".");
  const owner = PARTIES.find((party: Party) => parties[party].shared === dataset);
  if (owner === undefined) throw wrong(view, `is in ${dataset}, which is no party's dataset of shared views`);
  return { id, project, dataset, table, owner, columns, rule: ruleOf(view, columns), relation: `${dataset}.${table}` };
}

/** The declared rule. */
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
    throw wrong(view, `column ${column} is ${typeKind.replace("TYPE_", "")}, a type that the rehearsal does not know`);
  return kind;
}
