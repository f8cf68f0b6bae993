import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type FillSummary, fill } from "../../../generator/fill.ts";
import { openLake } from "../../../generator/lake/open-lake.ts";
import { ewallet, merchant } from "../../../generator/tables/index.ts";
import { thelook } from "../../../generator/tables/merchant.ts";
import { columnNames, fullName, type Row, type Table } from "../../../generator/tables/table.ts";
import { writeSynthetic } from "../../../generator/thelook/synthetic.ts";
import { createTables } from "../../../generator/warehouse/duckdb.ts";
import { openWarehouse } from "../../../generator/warehouse/open-warehouse.ts";
import type { ResultRow, Warehouse } from "../../../generator/warehouse/warehouse.ts";
import { madeOnce } from "../../support/made-once.ts";

/** The tables that a fill replaces. */
export const filledTables: readonly Table[] = [
  merchant.distributionCenters,
  merchant.products,
  merchant.users,
  merchant.orders,
  merchant.orderItems,
  ewallet.providerUsers,
  ewallet.transactions,
  merchant.orderPayments,
];

export const UNTIL = "2025-12-31";

/** A folder for one test file's data, removed after its tests. */
export function temporaryFolder(): string {
  const folder = join(tmpdir(), `thelook-${randomUUID()}`);
  before(() => mkdirSync(folder));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A DuckDB with the merchant's and the wallet's tables, empty; closed after the tests of the suite that asks for it. */
export function emptyWarehouse(folder: string): () => Warehouse {
  let warehouse: Warehouse;
  before(async () => {
    const url = `duckdb://${join(mkdtempSync(join(folder, "warehouse-")), "warehouse.duckdb")}`;
    await createTables(url, filledTables);
    warehouse = await openWarehouse(url);
  });
  after(() => warehouse.close());
  return () => warehouse;
}

/** All rows of the tables that a fill replaces, by `dataset.table`, in the order of their keys. */
export async function allRows(warehouse: Warehouse): Promise<Record<string, ResultRow[]>> {
  const rows: Record<string, ResultRow[]> = {};
  for (const table of filledTables) {
    const columns = columnNames(table).join(", ");
    rows[fullName(table)] = await warehouse.run(
      `SELECT ${columns} FROM ${fullName(table)} ORDER BY ${table.primaryKey.join(", ")}`,
    );
  }
  return rows;
}

/** A synthetic export on disk, which nobody may change; returns its folder's URL. */
export async function syntheticExport(scale: number, seed = 42): Promise<string> {
  const folder = await madeOnce(`synthetic-${seed}-${scale}`, async (made) => {
    await writeSynthetic(await openLake(pathToFileURL(made).href), "thelook", { seed, scale, until: UNTIL });
  });
  return pathToFileURL(join(folder, "thelook")).href;
}

export interface Export {
  users: Partial<Row<typeof thelook.users>>[];
  orders: Partial<Row<typeof thelook.orders>>[];
  items: Partial<Row<typeof thelook.orderItems>>[];
  /** Without products, or centers, the export has no such file. */
  products?: Partial<Row<typeof thelook.products>>[];
  centers?: Partial<Row<typeof thelook.distributionCenters>>[];
}

/** Valid users, orders and items. A test names only the fields that matter to it. */
export const user = (id: number, named: Export["users"][number] = {}): Export["users"][number] => ({
  id,
  email: `user${id}@example.com`,
  age: 40,
  city: "Kyiv",
  created_at: "2024-01-01 10:00:00.000000 UTC",
  ...named,
});
export const order = (id: number, userId: number, named: Export["orders"][number] = {}): Export["orders"][number] => ({
  order_id: id,
  user_id: userId,
  status: "Complete",
  created_at: "2025-06-01 12:30:00.000000 UTC",
  ...named,
});
export const item = (
  id: number,
  orderId: number,
  userId: number,
  named: Export["items"][number] = {},
): Export["items"][number] => ({ id, order_id: orderId, user_id: userId, sale_price: 10, ...named });

export const product = (id: number, named: Partial<Row<typeof thelook.products>> = {}) => ({
  id,
  category: "Jeans",
  retail_price: 10,
  department: "Women",
  ...named,
});

/** Writes an export's files to a new folder and returns its path. */
export function writeExport(folder: string, { users, orders, items, products, centers }: Export): string {
  const target = mkdtempSync(join(folder, "export-"));
  const write = (table: Table, rows: Record<string, unknown>[]) => {
    const names = columnNames(table);
    const lines = rows.map((row) => names.map((name) => row[name] ?? "").join(","));
    writeFileSync(join(target, `${table.file}.csv`), `${[names.join(","), ...lines].join("\n")}\n`);
  };
  write(thelook.users, users);
  write(thelook.orders, orders);
  write(thelook.orderItems, items);
  if (products) write(thelook.products, products);
  if (centers) write(thelook.distributionCenters, centers);
  return target;
}

export interface Filled {
  readonly summary: FillSummary;
  readonly centers: ResultRow[];
  readonly products: ResultRow[];
  readonly users: ResultRow[];
  readonly orders: ResultRow[];
  readonly items: ResultRow[];
  readonly wallets: ResultRow[];
  readonly transactions: ResultRow[];
  /** A count of the summary. */
  count(of: string, what: string): number;
}

/** Fills a warehouse from an export; everybody has a wallet and pays by it, so that every payable order has its transaction. */
export async function fillFrom(warehouse: Warehouse, folder: string, data: Export): Promise<Filled> {
  const source = pathToFileURL(writeExport(folder, data)).href;
  const plain = { walletShare: 1, strangers: 0, habit: 0, discrepancyShare: 0 };
  const summary = await fill(warehouse, { source, seed: 1, ...plain });
  const rows = await allRows(warehouse);
  const of = (table: string) => rows[table] ?? [];
  return {
    summary,
    centers: of("merchant.distribution_centers"),
    products: of("merchant.products"),
    users: of("merchant.users"),
    orders: of("merchant.orders"),
    items: of("merchant.order_items"),
    wallets: of("ewallet_provider.provider_users"),
    transactions: of("ewallet_provider.transactions"),
    count: (of, what) => countOf(summary, of, what),
  };
}

/** A count of a summary. Throws if the summary has no such line. */
export function countOf(summary: FillSummary, of: string, what: string): number {
  const found = summary.counts.find((count) => count.of === of && count.what === what);
  if (found === undefined) throw new Error(`the summary has no line "${of} ${what}"`);
  return found.rows;
}
