import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openLake } from "../../generator/lake/open-lake.ts";
import { thelook } from "../../generator/tables/merchant.ts";
import type { Table } from "../../generator/tables/table.ts";
import { snapshotStatements, snapshotTables } from "../../generator/thelook/snapshot.ts";
import { writeSynthetic } from "../../generator/thelook/synthetic.ts";
import { walletStatements } from "../../generator/wallet/wallet.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";

export interface WalletBench {
  /** CSV rows of the synthetic thelook that one core writes a second. */
  readonly syntheticRowsPerSecond: number;
  readonly orders: number;
  /** From the staged files to the snapshot. */
  readonly snapshotSeconds: number;
  /** From the snapshot to the wallet's rows. */
  readonly walletSeconds: number;
}

/** Measures, at thelook's size of 125,000 orders, the synthetic files and the derivation of the e-wallet in DuckDB: the best of three. */
export async function benchWallet(): Promise<WalletBench> {
  const folder = await mkdtemp(join(tmpdir(), "bench-wallet-"));
  try {
    const lake = await openLake(pathToFileURL(folder).href);
    let rows: Record<string, number> = {};
    const writing = await bestOf(3, async () => {
      rows = await writeSynthetic(lake, "thelook", { seed: 42, scale: 1, until: "2025-12-31" });
    });
    const warehouse = await openWarehouse(`duckdb://${join(folder, "warehouse.duckdb")}`, { create: true });
    try {
      const stage = async (table: Table) =>
        (await warehouse.stage(table, { uris: [lake.uri(`thelook/${table.file}.csv`)] })).name;
      const source = {
        distribution_centers: await stage(thelook.distributionCenters),
        products: await stage(thelook.products),
        users: await stage(thelook.users),
        orders: await stage(thelook.orders),
        order_items: await stage(thelook.orderItems),
      };
      const snapshot = snapshotStatements(warehouse.dialect, source).join(";\n");
      const wallet = walletStatements(warehouse.dialect, snapshotTables, { seed: 42 }).join(";\n");
      return {
        syntheticRowsPerSecond: Math.round(Object.values(rows).reduce((sum, count) => sum + count, 0) / writing),
        orders: rows.orders ?? 0,
        snapshotSeconds: await bestOf(3, () => warehouse.run(snapshot)),
        walletSeconds: await bestOf(3, () => warehouse.run(wallet)),
      };
    } finally {
      await warehouse.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bestOf(times: number, work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time++) {
    const start = performance.now();
    await work();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}
