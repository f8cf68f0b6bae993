import { duckdbTypes, type SchemaField } from "../generator/tables/derive.ts";
import type { Column, ColumnType, Table } from "../generator/tables/table.ts";
import { createTables, openDuckDb } from "../generator/warehouse/duckdb.ts";
import { at, type Declared, need, wrong } from "./declaration.ts";
import { type World, warehouseUrl } from "./world.ts";

/** BigQuery's other names of the types. */
const alias: Record<string, ColumnType> = { INT64: "INTEGER", FLOAT: "FLOAT64", BOOL: "BOOLEAN", DECIMAL: "NUMERIC" };

/** A dataset is a schema in the DuckDB file; it is made with the tables. */
export function realiseDataset(world: World, dataset: Declared): void {
  const name = need<string>(dataset, "datasetId");
  if (!/^\w+$/.test(name)) throw wrong(dataset, `"${name}" is no id of a dataset: letters, digits and _ only`);
  world.datasets.set(name, { dataset, tables: [] });
}

/** A table is one in its dataset's schema, once `createDeclaredTables` has run. */
export function realiseTable(world: World, table: Declared): void {
  const dataset = need<string>(table, "datasetId");
  const found = world.datasets.get(dataset);
  if (found === undefined) throw wrong(table, `is to be in the dataset ${dataset}, which is not declared`);
  definitionOf(table);
  found.tables.push(table);
}

/** Makes the declared schemas and tables, from nothing but their declared schema JSON. */
export async function createDeclaredTables(world: World): Promise<void> {
  if (world.datasets.size === 0) return;
  const tables = [...world.datasets.values()].flatMap(({ tables }) => tables.map(definitionOf));
  await createTables(warehouseUrl(world), tables);
  const warehouse = await openDuckDb(warehouseUrl(world));
  // Datasets without tables, such as the one that dbt writes.
  const schemas = [...world.datasets.keys()].map((name) => `CREATE SCHEMA IF NOT EXISTS ${name}`);
  await warehouse.run(schemas.join(";\n")).finally(() => warehouse.close());
}

/** A declared table as the generator defines tables. Throws UserError where its schema is none. */
export function definitionOf(table: Declared): Table {
  const schema = need<string>(table, "schema");
  let fields: SchemaField[];
  try {
    fields = JSON.parse(schema) as SchemaField[];
  } catch {
    throw wrong(table, "its schema is no JSON");
  }
  const columns = fields.map(({ name, type, mode = "NULLABLE", description }): [string, Column] => {
    const known = alias[type] ?? type;
    if (!(known in duckdbTypes))
      throw wrong(table, `column ${name} is ${type}, a type that the rehearsal does not know`);
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

/** What BigQuery would refuse: partitions, clusters and keys by columns that are not there. */
function checkColumns(table: Declared, columns: Readonly<Record<string, Column>>): void {
  const named = [
    ["timePartitioning.field", [at<string>(table.inputs, "timePartitioning.field")]],
    ["clusterings", at<string[]>(table.inputs, "clusterings") ?? []],
    ["tableConstraints.primaryKey", at<string[]>(table.inputs, "tableConstraints.primaryKey.columns") ?? []],
  ] as const;
  for (const [where, names] of named) {
    const missing = names.find((name) => name !== undefined && columns[name] === undefined);
    if (missing !== undefined) throw wrong(table, `${where} names the column ${missing}, which its schema has not`);
  }
}
