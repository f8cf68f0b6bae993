import { at, type Declared, need, perRehearsal, type Rehearsal, wrong } from "pulumi-rehearsal";
import { PARTIES, parties } from "../cleanroom/party.ts";
import { UserError } from "../generator/errors.ts";
import { duckdbTypes, type SchemaField } from "../generator/tables/derive.ts";
import type { Column, ColumnType, Table } from "../generator/tables/table.ts";
import { createTables, openDuckDb } from "../generator/warehouse/duckdb.ts";
import { type Database, databases, databaseUrl } from "./output-folder.ts";

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

/** The DuckDB file of a dataset. It is also the name of its lock: one process can open a file for writing, or several for reading. */
export function databaseOf(dataset: string): Database {
  return ofParties.has(dataset) ? databases.cleanRoom : databases.warehouse;
}

const ofParties = new Set(PARTIES.flatMap((party) => [parties[party].dataset, parties[party].shared]));

/**
 * The DuckDB file with the datasets that an account may use. Throws UserError if they are in two files, although a query in the cloud could
 * use both.
 */
export function databaseFor(rehearsal: Rehearsal, account: string): Database {
  const mayUse = (id: string) => rehearsal.grants.allowing(account, `dataset/${id}`, "read").length > 0;
  const [first, ...others] = [...datasets(rehearsal).keys()].filter(mayUse);
  if (first === undefined) return databases.warehouse;
  const other = others.find((id) => databaseOf(id) !== databaseOf(first));
  if (other === undefined) return databaseOf(first);
  throw new UserError(
    `${account} may use the datasets ${first} and ${other}, which a rehearsal keeps in two files: use one account for each`,
  );
}

/** Creates the declared datasets and tables in DuckDB, from the declared schema JSON alone. */
export async function createDeclaredTables(rehearsal: Rehearsal): Promise<void> {
  const declared = [...datasets(rehearsal)];
  for (const database of Object.values(databases)) {
    const own = declared.filter(([id]) => databaseOf(id) === database);
    if (own.length === 0) continue;
    const url = databaseUrl(rehearsal, database);
    await createTables(
      url,
      own.flatMap(([, { tables }]) => tables.map(definitionOf)),
    );
    const warehouse = await openDuckDb(url);
    // Create the datasets that have no declared tables too, such as the one that dbt fills.
    const schemas = own.map(([id]) => `CREATE SCHEMA IF NOT EXISTS ${id}`);
    await warehouse.run(schemas.join(";\n")).finally(() => warehouse.close());
  }
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
