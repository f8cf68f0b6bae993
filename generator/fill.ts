import { keyedStatements, keyedTables, stageKeyedHashes } from "./keyed-hash.ts";
import { ewallet, merchant } from "./tables/index.ts";
import { fullName, type Table } from "./tables/table.ts";
import { snapshotCounts, snapshotStatements, snapshotTables } from "./thelook/snapshot.ts";
import { openSource, type SourceOptions } from "./thelook/source.ts";
import { refuseNoCustomer, type WalletOptions, walletCounts, walletStatements, walletTables } from "./wallet/wallet.ts";
import { askCounts, type Count, readCounts, replaceRows, type Warehouse } from "./warehouse/warehouse.ts";

export interface FillOptions extends SourceOptions, WalletOptions {
  /** The key of the hashed addresses. @default none: plain SHA-256 */
  readonly hashKey?: string | undefined;
}

/** The rows that a fill read, left out and wrote. */
export interface FillSummary {
  readonly source: string;
  /**
   * In the order of the work, from the source's rows to the wallets. Every omitted row is counted in exactly one of
   * them.
   */
  readonly counts: readonly Count[];
  /** Rows now in each table, by `dataset.table`. */
  readonly tables: Readonly<Record<string, number>>;
}

/** The tables that a fill replaces, and where their rows are. */
const targetsFrom = ({ users, provider_users }: { users: string; provider_users: string }): Target[] => [
  { table: merchant.distributionCenters, from: snapshotTables.distribution_centers },
  { table: merchant.products, from: snapshotTables.products },
  { table: merchant.users, from: users },
  { table: merchant.orders, from: snapshotTables.orders },
  { table: merchant.orderItems, from: snapshotTables.order_items },
  { table: merchant.orderPayments, from: walletTables.order_payments },
  { table: ewallet.providerUsers, from: provider_users },
  { table: ewallet.transactions, from: walletTables.transactions },
];

interface Target {
  readonly table: Table;
  readonly from: string;
}

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
  const { hashKey } = options;
  const hashed = { users: snapshotTables.users, provider_users: walletTables.provider_users };
  const targets = targetsFrom(hashKey === undefined ? hashed : keyedTables);
  const written = targets.map(({ table, from }) => ({
    of: fullName(table),
    what: "written",
    sql: `SELECT COUNT(*) FROM ${from}`,
  }));
  const derived = [
    ...snapshotStatements(warehouse.dialect, source),
    ...walletStatements(warehouse.dialect, snapshotTables, options),
    refuseNoCustomer,
  ];
  // One script, because BigQuery drops temporary tables when a script ends.
  const statements = [
    ...derived,
    ...(hashKey === undefined
      ? []
      : keyedStatements(await stageKeyedHashes(warehouse, hashKey, derived, hashed), hashed)),
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
