import { isUserError, messageOf } from "../generator/errors.ts";
import type { ResultRow, Warehouse } from "../generator/warehouse/warehouse.ts";
import type { Meta, Store } from "./report.ts";

/** The dataset that dbt builds. */
const MARTS = "coffee_marts";

/** The marts that a page reads, and those of them that there are. */
export interface Marts {
  /** For `Meta`. */
  readonly tables: Meta["tables"];
  /** What a person is told where one of them is missing; undefined where all are there. */
  missing(...names: string[]): string | undefined;
  /** Rows of a query, in which `{name}` is a mart. */
  rows(sql: string): Promise<ResultRow[]>;
}

/** Looks which of the marts there are. Throws UserError where the warehouse does not answer, or refuses. */
export async function openMarts(warehouse: Warehouse, names: readonly string[]): Promise<Marts> {
  const tables = await Promise.all(
    names.map(async (mart) => {
      const name = `${MARTS}.${mart}`;
      const rows = await countRows(warehouse, name);
      return { name, ...(rows !== undefined && { rows }) };
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

async function countRows(warehouse: Warehouse, name: string): Promise<number | undefined> {
  try {
    const [row] = await warehouse.run(`SELECT COUNT(*) AS n FROM ${name}`);
    return Number(row?.n);
  } catch (error) {
    // As DuckDB and BigQuery say it of tables and of datasets. Whatever else is wrong leaves the last good page.
    if (isUserError(error) && /does not exist|Not found: (Table|Dataset)/i.test(messageOf(error))) return undefined;
    throw error;
  }
}

/** The stores with their ids, in the order of those. */
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
