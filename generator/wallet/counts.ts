import type { CountQuery } from "../warehouse/count.ts";
import { customersTable, isMinor, walletTables } from "./derive.ts";

/** Who of the merchant's customers has a wallet: customers = minors + adults without + wallets. */
export const walletCounts: readonly CountQuery[] = [
  { what: "with an order that has items", sql: `SELECT COUNT(*) FROM ${customersTable}` },
  { what: "left out: younger than 18", sql: `SELECT COUNTIF(${isMinor}) FROM ${customersTable}` },
  {
    what: "left out: adults without a wallet",
    sql: `SELECT COUNTIF(NOT (${isMinor})) - (SELECT COUNT(*) FROM ${walletTables.provider_users}) FROM ${customersTable}`,
  },
  { what: "with a wallet", sql: `SELECT COUNT(*) FROM ${walletTables.provider_users}` },
].map((count) => ({ of: "customers", ...count }));
