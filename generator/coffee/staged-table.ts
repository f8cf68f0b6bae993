import type { ManifestFile } from "../lake/manifest.ts";
import type { Table } from "../tables/table.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** Rows of a table that wait to be loaded. */
export interface StagedTable {
  readonly table: Table;
  /** The name of their staging table; undefined if the table stays as it is. */
  readonly from: string | undefined;
  /** The number of rows that the table will have. */
  readonly rows: number;
  /** SQL condition for the rows of the table that they replace. */
  readonly replaced: string | undefined;
  /** The addresses of the files that they come from. */
  readonly uris: readonly string[];
  /** The same files, as the manifest names them. */
  readonly files: readonly ManifestFile[];
}

/** The rows of a table that a load does not replace, as a FROM clause takes them. */
export function staying(warehouse: Warehouse, { table, replaced }: StagedTable): string {
  const name = warehouse.nameOf(table);
  return replaced === undefined ? name : `(SELECT * FROM ${name} WHERE NOT (${replaced}))`;
}

/** Whether two definitions are of the same table. They may differ in the dataset, since a load chooses its own. */
export function isSameTable(table: Table, other: Table): boolean {
  return table.table === other.table;
}
