import { at, type Declared, need, perRehearsal, type Rehearsal, wrong } from "pulumi-rehearsal";
import { duckdbTypes, type SchemaField } from "../generator/tables/derive.ts";
import type { Column, ColumnType, Table } from "../generator/tables/table.ts";
import { createTables, openDuckDb } from "../generator/warehouse/duckdb.ts";
import { warehouseUrl } from "./output-folder.ts";

/** The lock on the DuckDB file, which one process can open for writing, or several for reading. */
export const WAREHOUSE_LOCK = "warehouse.duckdb";

/** The declared datasets by id, and the tables of each. */
export const datasets = perRehearsal(
  () => new Map<string, { readonly dataset: Declared; readonly tables: Declared[] }>(),
);

/** BigQuery's aliases of the types. */
const alias: Record<string, ColumnType> = { INT64: "INTEGER", FLOAT: "FLOAT64", BOOL: "BOOLEAN", DECIMAL: "NUMERIC" };

/** Records a dataset. `createDeclaredTables` creates its schema in DuckDB. */
export function realiseDataset(rehearsal: Rehearsal, dataset: Declared): void {
  const name = need<string>(dataset, "datasetId");
  if (!/^\w+$/.test(name))
    throw wrong(dataset, `"${name}" cannot be the id of a dataset: use letters, digits and _ only`);
  datasets(rehearsal).set(name, { dataset, tables: [] });
  rehearsal.touchable.set(`dataset/${name}`, [dataset]);
}

/** Records a table. `createDeclaredTables` creates it in DuckDB. */
export function realiseTable(rehearsal: Rehearsal, table: Declared): void {
  const dataset = need<string>(table, "datasetId");
  const found = datasets(rehearsal).get(dataset);
  if (found === undefined) throw wrong(table, `is in the dataset ${dataset}, which is not declared`);
  definitionOf(table);
  found.tables.push(table);
  rehearsal.touchable.get(`dataset/${dataset}`)?.push(table);
}

/** Creates the declared datasets and tables in DuckDB, from the declared schema JSON alone. */
export async function createDeclaredTables(rehearsal: Rehearsal): Promise<void> {
  const declared = datasets(rehearsal);
  if (declared.size === 0) return;
  const tables = [...declared.values()].flatMap(({ tables }) => tables.map(definitionOf));
  await createTables(warehouseUrl(rehearsal), tables);
  const warehouse = await openDuckDb(warehouseUrl(rehearsal));
  // Create the datasets that have no declared tables too, such as the one that dbt fills.
  const schemas = [...declared.keys()].map((name) => `CREATE SCHEMA IF NOT EXISTS ${name}`);
  await warehouse.run(schemas.join(";\n")).finally(() => warehouse.close());
}

/** Turns a declared table into a table of the generator. Throws UserError for a schema that BigQuery would refuse. */
export function definitionOf(table: Declared): Table {
  const schema = need<string>(table, "schema");
  let fields: SchemaField[];
  try {
    fields = JSON.parse(schema) as SchemaField[];
  } catch {
    throw wrong(table, "its schema is not JSON");
  }
  const columns = fields.map(({ name, type, mode = "NULLABLE", description }): [string, Column] => {
    const known = alias[type] ?? type;
    if (!(known in duckdbTypes))
      throw wrong(table, `column ${name} has the type ${type}, which the rehearsal does not know`);
    return [name, { type: known, mode, description, pii: false }];
  });
  checkColumns(table, Object.fromEntries(columns));
  return {
    dataset: need(table, "datasetId"),
    table: need(table, "tableId"),
    description: "",
    primaryKey: [],
    columns: Object.fromEntries(columns),
  };
}

/** Throws UserError if partitions, clusters or keys name a column that the table does not have. */
function checkColumns(table: Declared, columns: Readonly<Record<string, Column>>): void {
  const named = [
    ["timePartitioning.field", [at<string>(table.inputs, "timePartitioning.field")]],
    ["clusterings", at<string[]>(table.inputs, "clusterings") ?? []],
    ["tableConstraints.primaryKey", at<string[]>(table.inputs, "tableConstraints.primaryKey.columns") ?? []],
  ] as const;
  for (const [where, names] of named) {
    const missing = names.find((name) => name !== undefined && columns[name] === undefined);
    if (missing !== undefined) throw wrong(table, `${where} names the column ${missing}, which is not in its schema`);
  }
}
