import * as coffee from "./coffee.ts";
import * as ewallet from "./ewallet.ts";
import * as merchant from "./merchant.ts";
import type { Table } from "./table.ts";

export { coffee, ewallet, merchant };

/** The coffee shop's tables that are loaded from files, parents before children. */
export const coffeeTables: readonly Table[] = [
  coffee.stores,
  coffee.events,
  coffee.products,
  coffee.customers,
  coffee.orders,
  coffee.orderDetails,
];

/** Every table of the coffee shop's dataset: those loaded from files, and the load's own records. */
export const coffeeDataset: readonly Table[] = [...coffeeTables, coffee.loads, coffee.loadedFiles];

/** Every declared table, parents before children. */
export const allTables: readonly Table[] = [
  merchant.distributionCenters,
  merchant.products,
  merchant.users,
  merchant.orders,
  merchant.orderItems,
  merchant.orderPayments,
  ewallet.providerUsers,
  ewallet.transactions,
  ...coffeeDataset,
];
