import { type ResultRow, rowIfThere, type Warehouse } from "../generator/warehouse/warehouse.ts";
import type { Meta, Store } from "./report.ts";

/** The dataset that dbt builds. */
const MARTS = "coffee_marts";

/** The marts that the pages read, with those that exist. */
export interface Marts {
  /** All of them, as `Meta` lists them. */
  readonly tables: Meta["tables"];
  /** A sentence for people that says which of these marts are missing; undefined if none is. */
  missing(...names: string[]): string | undefined;
  /** Runs a query in which `{name}` stands for a mart. */
  rows(sql: string): Promise<ResultRow[]>;
}

/** Finds out which of the marts exist. Throws UserError if the warehouse does not answer or refuses. */
export async function openMarts(warehouse: Warehouse, names: readonly string[]): Promise<Marts> {
  const tables = await Promise.all(
    names.map(async (mart) => {
      const name = `${MARTS}.${mart}`;
      const found = await rowIfThere(warehouse, `SELECT COUNT(*) AS n FROM ${name}`);
      return { name, ...(found && { rows: Number(found.n) }) };
    }),
  );
  const there = new Set(tables.filter(({ rows }) => rows !== undefined).map(({ name }) => name));
  return {
    tables,
    missing(...wanted) {
      const gone = wanted.map((name) => `${MARTS}.${name}`).filter((name) => !there.has(name));
      if (gone.length === 0) return undefined;
      return `${gone.join(" and ")} ${gone.length === 1 ? "does" : "do"} not exist in the warehouse: build the marts with dbt.`;
    },
    rows: (sql) => warehouse.run(sql.replace(/\{(\w+)\}/g, (_, name) => `${MARTS}.${name}`)),
  };
}

/** Reads the stores and their ids, in the order of the ids. */
export async function readStores(marts: Marts): Promise<{ ids: string[]; stores: Store[] }> {
  const rows = await marts.rows(
    `SELECT store_id, store_name, district, address, latitude, longitude, format, opened_on FROM {dim_store} ORDER BY store_id`,
  );
  const stores = rows.map((row) => ({
    name: String(row.store_name),
    district: String(row.district),
    address: String(row.address),
    latitude: Number(row.latitude),
    longitude: Number(row.longitude),
    format: String(row.format),
    openedOn: String(row.opened_on),
  }));
  return { ids: rows.map(({ store_id }) => String(store_id)), stores };
}
