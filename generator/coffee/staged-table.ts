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
  readonly goes: string | undefined;
  /** The addresses of the files that they come from. */
  readonly uris: readonly string[];
  /** The same files, as the manifest names them. */
  readonly files: readonly ManifestFile[];
}

/** The rows of a table that a load leaves, as a FROM clause takes them. */
export function staying(warehouse: Warehouse, { table, goes }: StagedTable): string {
  const name = warehouse.nameOf(table);
  return goes === undefined ? name : `(SELECT * FROM ${name} WHERE NOT (${goes}))`;
}

/** Tables are loaded into a dataset of a chosen name, so the object may be a copy. */
export function sameName(table: Table, other: Table): boolean {
  return table.table === other.table;
}
