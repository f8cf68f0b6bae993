import { type Dialect, digitsOf, temporaryTable } from "../warehouse/dialect.ts";
import type { CountQuery } from "../warehouse/warehouse.ts";
import { HABIT, STRANGERS } from "./effects.ts";
import { BY_WALLET, orderPaymentsTable, payableOrdersTable, paymentStatements, transactionsTable } from "./payments.ts";
import { customersTable, isMinor, peopleStatements, providerUsersTable } from "./people.ts";

/** The settings of the e-wallet. */
export interface WalletOptions {
  readonly seed: number;
  /** Share of the merchant's adult customers who have a wallet. Whom it favours: `joining` in effects.ts. */
  readonly walletShare?: number | undefined;
  /** USD paid with a wallet, at all merchants, from which it is Premium. */
  readonly premiumFrom?: number | undefined;
  /** USD paid with a wallet, at all merchants, from which it is Business. */
  readonly businessFrom?: number | undefined;
  /** Share of the payments that disagree with their order. With 0, a payment has the amount, time and status of its order. */
  readonly discrepancyShare?: number | undefined;
  /** Wallet users who never shopped at the merchant, for each of its customers with a wallet. */
  readonly strangers?: number | undefined;
  /** How often customers with a wallet pay without it; with 0, never. */
  readonly habit?: number | undefined;
}

/** Defaults of the settings. The tiers' limits make about 55 % of the wallets Free, 34 % Premium and 11 % Business. */
export const walletDefaults = {
  walletShare: 0.55,
  premiumFrom: 2000,
  businessFrom: 8000,
  discrepancyShare: 0.01,
} as const;

/** The merchant's tables, as a FROM clause names them. */
export interface MerchantTables {
  readonly users: string;
  readonly orders: string;
  readonly order_items: string;
}

/** The temporary tables that hold the rows of the wallet's tables, and of the merchant's `order_payments`. */
export const walletTables = {
  provider_users: providerUsersTable,
  transactions: transactionsTable,
  order_payments: orderPaymentsTable,
} as const;

/**
 * The statements that derive the e-wallet's rows from the merchant's, as temporary tables (`walletTables`). A share of the merchant's
 * adult customers has a wallet, and so do people who are not customers. Some customers pay some of their orders with it. Every
 * random choice is a hash of seed and key, so that both engines choose alike; effects.ts has the effects.
 * The birth date makes a customer as old as `age` says on the day of the last order. If the age is unknown or impossible, there is
 * no birth date.
 */
export function walletStatements(dialect: Dialect, merchant: MerchantTables, options: WalletOptions): string[] {
  const {
    seed,
    walletShare = walletDefaults.walletShare,
    premiumFrom = walletDefaults.premiumFrom,
    businessFrom = walletDefaults.businessFrom,
    discrepancyShare = walletDefaults.discrepancyShare,
    strangers = STRANGERS,
    habit = HABIT,
  } = options;
  const lastInstant = `(SELECT MAX(created_at) FROM ${merchant.orders})`;
  const lastDay = `(SELECT CAST(MAX(created_at) AS DATE) FROM ${merchant.orders})`;
  return [
    temporaryTable(
      payableOrdersTable,
      `SELECT o.order_id, o.user_id, o.status, o.created_at, ROUND(SUM(i.sale_price), 2) AS amount
FROM ${merchant.orders} AS o JOIN ${merchant.order_items} AS i ON i.order_id = o.order_id
GROUP BY o.order_id, o.user_id, o.status, o.created_at`,
    ),
    temporaryTable(
      customersTable,
      `SELECT u.id, u.email, u.hashed_email, u.first_name, u.last_name, u.age, u.city, u.country, u.traffic_source, o.spent, o.undone,
  ${digitsOf(dialect, seed, "customer", "u.hashed_email")} AS customer_digits
FROM ${merchant.users} AS u LEFT JOIN (
  SELECT user_id, ROUND(SUM(amount), 2) AS spent,
    COUNTIF(COALESCE(status, '') IN ('Cancelled', 'Returned')) / COUNT(*) AS undone
  FROM ${payableOrdersTable} GROUP BY user_id
) AS o ON o.user_id = u.id`,
    ),
    ...peopleStatements(dialect, lastDay, { seed, walletShare, premiumFrom, businessFrom, strangers }),
    ...paymentStatements(dialect, lastInstant, { seed, habit, discrepancyShare }),
  ];
}

/**
 * The statement that fails the script if no customer ordered anything, as when files of different exports are mixed, or if none is an
 * adult, as when unknown ages are 0. It creates a table, because both engines lack a plainer statement that returns no rows.
 */
export const refuseNoCustomer = temporaryTable(
  "wallet_check",
  `SELECT CASE WHEN (SELECT COUNT(spent) FROM ${customersTable}) = 0 THEN
  ERROR('no order of the source has both a user with an e-mail address and items; do its files belong together?')
  WHEN (SELECT COUNTIF(NOT (${isMinor})) FROM ${customersTable}) = 0 THEN
  ERROR('every user of the source is younger than 18, so nobody has a wallet; leave an unknown age empty, and write others in years')
  ELSE 'enough' END AS answer`,
);

/**
 * How many people have a wallet (customers = minors + adults without a wallet + wallets), and how many orders were paid with and
 * otherwise.
 */
export const walletCounts: readonly CountQuery[] = [
  { of: "customers", what: "of the merchant", sql: `SELECT COUNT(*) FROM ${customersTable}` },
  {
    of: "customers",
    what: "left out: younger than 18",
    sql: `SELECT COUNTIF(${isMinor}) FROM ${customersTable}`,
  },
  {
    of: "customers",
    what: "left out: adults without a wallet",
    sql: `SELECT COUNTIF(NOT (${isMinor})) - (SELECT COUNT(user_id) FROM ${providerUsersTable}) FROM ${customersTable}`,
  },
  { of: "customers", what: "with a wallet", sql: `SELECT COUNT(user_id) FROM ${providerUsersTable}` },
  {
    of: "wallets",
    what: "of people who are not customers",
    sql: `SELECT COUNTIF(user_id IS NULL) FROM ${providerUsersTable}`,
  },
  {
    of: "orders",
    what: "paid with the wallet",
    sql: `SELECT COUNTIF(payment_method = '${BY_WALLET}') FROM ${orderPaymentsTable}`,
  },
  {
    of: "orders",
    what: "paid otherwise",
    sql: `SELECT COUNTIF(payment_method <> '${BY_WALLET}') FROM ${orderPaymentsTable}`,
  },
];
