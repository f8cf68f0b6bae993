import { ewallet, merchant } from "./tables/index.ts";
import { fullName, type Table } from "./tables/table.ts";
import { snapshotCounts, snapshotStatements, snapshotTables } from "./thelook/snapshot.ts";
import { openSource, type SourceOptions } from "./thelook/source.ts";
import { refuseNoCustomer, type WalletOptions, walletCounts, walletStatements, walletTables } from "./wallet/wallet.ts";
import { askCounts, type Count, readCounts, replaceRows, type Warehouse } from "./warehouse/warehouse.ts";

export interface FillOptions extends SourceOptions, WalletOptions {}

/** The rows that a fill read, left out and wrote. */
export interface FillSummary {
  readonly source: string;
  /**
   * In the order of the work, from the source's rows to the wallets. Every row that is left out is counted in one of
   * them.
   */
  readonly counts: readonly Count[];
  /** Rows now in each table, by `dataset.table`. */
  readonly tables: Readonly<Record<string, number>>;
}

const targets: readonly { table: Table; from: string }[] = [
  { table: merchant.distributionCenters, from: snapshotTables.distribution_centers },
  { table: merchant.products, from: snapshotTables.products },
  { table: merchant.users, from: snapshotTables.users },
  { table: merchant.orders, from: snapshotTables.orders },
  { table: merchant.orderItems, from: snapshotTables.order_items },
  { table: merchant.orderPayments, from: walletTables.order_payments },
  { table: ewallet.providerUsers, from: walletTables.provider_users },
  { table: ewallet.transactions, from: walletTables.transactions },
];

/**
 * Fills the merchant's tables with a snapshot of thelook, and the e-wallet's with rows derived from it. The rows of all
 * tables are replaced in one transaction, so a failure leaves them as they were. The same source and seed give the
 * same rows.
 * Throws UserError if the source cannot be read (see `openSource`), or has no order with both a user and items.
 */
export async function fill(warehouse: Warehouse, options: FillOptions): Promise<FillSummary> {
  const source = await openSource(warehouse, options);
  options.progress?.("taking the snapshot and deriving the e-wallet");
  const counts = [...snapshotCounts, ...walletCounts];
  const written = targets.map(({ table, from }) => ({
    of: fullName(table),
    what: "written",
    sql: `SELECT COUNT(*) FROM ${from}`,
  }));
  // One script, because BigQuery drops temporary tables when a script ends.
  const statements = [
    ...snapshotStatements(warehouse.dialect, source),
    ...walletStatements(warehouse.dialect, snapshotTables, options),
    refuseNoCustomer,
    replaceRows(targets, warehouse.nameOf),
    askCounts([...counts, ...written]),
  ];
  const [row = {}] = await warehouse.run(statements.join(";\n"));
  const answers = readCounts([...counts, ...written], row);
  return {
    source: options.source,
    counts: answers.slice(0, counts.length),
    tables: Object.fromEntries(answers.slice(counts.length).map(({ of, rows }) => [of, rows])),
  };
}
