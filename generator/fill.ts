import { ewallet, merchant } from "./tables/index.ts";
import { fullName, type Table } from "./tables/table.ts";
import { snapshotCounts } from "./thelook/counts.ts";
import { snapshotStatements, snapshotTables } from "./thelook/snapshot.ts";
import { openSource, type SourceOptions } from "./thelook/source.ts";
import { walletCounts } from "./wallet/counts.ts";
import { refuseNoCustomer, type WalletOptions, walletStatements, walletTables } from "./wallet/derive.ts";
import { askCounts, type Count, readCounts } from "./warehouse/count.ts";
import { replaceRows, type Warehouse } from "./warehouse/warehouse.ts";

export interface FillOptions extends SourceOptions, WalletOptions {}

/** What a fill read, left out and wrote. */
export interface FillReport {
  readonly source: string;
  /** In the order of the work, from the source's rows to the wallets. Nothing is left out that has no line here. */
  readonly counts: readonly Count[];
  /** Rows now in each table, by `dataset.table`. */
  readonly tables: Readonly<Record<string, number>>;
}

const targets: readonly { table: Table; from: string }[] = [
  { table: merchant.users, from: snapshotTables.users },
  { table: merchant.orders, from: snapshotTables.orders },
  { table: merchant.orderItems, from: snapshotTables.order_items },
  { table: ewallet.providerUsers, from: walletTables.provider_users },
  { table: ewallet.transactions, from: walletTables.transactions },
];

/**
 * Fills the merchant's and the e-wallet's tables: a snapshot of thelook, and the wallet derived from it. The rows of all five
 * tables are replaced in one transaction; whatever fails, they stay as they were. The same source and seed give the same rows.
 * Throws UserError for a source that cannot be read (see `openSource`), and for one without any order that has a user and items.
 */
export async function fill(warehouse: Warehouse, options: FillOptions): Promise<FillReport> {
  const source = await openSource(warehouse, options);
  options.progress?.("taking the snapshot and deriving the e-wallet");
  const counts = [...snapshotCounts, ...walletCounts];
  const written = targets.map(({ table, from }) => ({
    of: fullName(table),
    what: "written",
    sql: `SELECT COUNT(*) FROM ${from}`,
  }));
  // One script, since BigQuery's temporary tables end with it.
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
