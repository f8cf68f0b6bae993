import { coffeeTables } from "../../generator/tables/index.ts";
import { fullName } from "../../generator/tables/table.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import type { Warehouse } from "../../generator/warehouse/warehouse.ts";

/** A line for each table of the coffee shop in a DuckDB: its name, its rows, and a checksum of them. */
export async function contentsOf(url: string): Promise<string[]> {
  const warehouse = await openWarehouse(url);
  try {
    return await contentsIn(warehouse);
  } finally {
    await warehouse.close();
  }
}

/** Like `contentsOf`, for an open DuckDB. */
export async function contentsIn(warehouse: Warehouse): Promise<string[]> {
  const queries = coffeeTables.map(
    (table) =>
      `SELECT '${table.table}' AS name, count(*) AS rows, CAST(bit_xor(hash(t)) AS VARCHAR) AS sum FROM ${fullName(table)} AS t`,
  );
  const rows = await warehouse.run(queries.join(" UNION ALL "));
  return rows.map(({ name, rows, sum }) => `${name} ${rows} ${sum}`).sort();
}
