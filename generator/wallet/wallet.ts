import { type Dialect, temporaryTable, uniform } from "../warehouse/dialect.ts";
import type { CountQuery } from "../warehouse/warehouse.ts";

/** The settings of the e-wallet. */
export interface WalletOptions {
  readonly seed: number;
  /** Share of the merchant's adult customers who have a wallet; 0.55 of them is about half of all customers. */
  readonly walletShare?: number | undefined;
  /** Total spend in USD from which the tier is mostly Premium. */
  readonly premiumFrom?: number | undefined;
  /** Total spend in USD from which the tier is mostly Business. */
  readonly businessFrom?: number | undefined;
}

/** Defaults that suit thelook's prices. */
export const walletDefaults = { walletShare: 0.55, premiumFrom: 80, businessFrom: 200 } as const;

/** The merchant's tables, as a FROM clause names them. */
export interface MerchantTables {
  readonly users: string;
  readonly orders: string;
  readonly order_items: string;
}

/** The temporary tables that hold the rows of the wallet's tables. */
export const walletTables = { provider_users: "wallet_provider_users", transactions: "wallet_transactions" } as const;

/** The temporary table of the merchant's customers: users with an order that has items. */
export const customersTable = "wallet_customers";

/** The condition for a customer who is too young for a wallet. A customer of unknown age counts as an adult. */
export const isMinor = "COALESCE(age, 18) < 18";

/**
 * The statements that derive the e-wallet's rows from the merchant's, as temporary tables (`walletTables`): wallets for a share of
 * the adult customers, and a transaction for each of their orders that has items. Every random choice is a hash of seed and key.
 * Three effects are planted:
 * - The young have a wallet more often than the old (see `shareByAge`).
 * - The tier follows the customer's total spend, give or take a half.
 * - The larger the share of a customer's orders that were cancelled or returned, the less likely is a verified account: 75 % for
 *   none, 35 % for all.
 * The birth date makes a customer as old as `age` says on the day of the last order. If the age is unknown or impossible, there is
 * no birth date.
 */
export function walletStatements(dialect: Dialect, merchant: MerchantTables, options: WalletOptions): string[] {
  const {
    seed,
    walletShare = walletDefaults.walletShare,
    premiumFrom = walletDefaults.premiumFrom,
    businessFrom = walletDefaults.businessFrom,
  } = options;
  const draw = (label: string) => uniform(dialect, seed, label, "hashed_email");
  const int = dialect.type("INT64");
  const lastDay = `(SELECT CAST(MAX(created_at) AS DATE) FROM ${merchant.orders})`;
  // Leap years can shift the result by a day either way, so the draw keeps a day's distance from both birthdays.
  const daysOld = `CAST(FLOOR(CASE WHEN age BETWEEN 0 AND 130 THEN age END * 365.25 + 1 + ${draw("birthday")} * 363) AS ${int})`;
  return [
    temporaryTable(
      "wallet_payable_orders",
      `SELECT o.order_id, o.user_id, o.status, o.created_at, ROUND(SUM(i.sale_price), 2) AS amount
FROM ${merchant.orders} AS o JOIN ${merchant.order_items} AS i ON i.order_id = o.order_id
GROUP BY o.order_id, o.user_id, o.status, o.created_at`,
    ),
    temporaryTable(
      customersTable,
      `SELECT u.id, u.email, u.hashed_email, u.age, u.city, o.spent, o.undone
FROM ${merchant.users} AS u JOIN (
  SELECT user_id, ROUND(SUM(amount), 2) AS spent,
    COUNTIF(COALESCE(status, '') IN ('Cancelled', 'Returned')) / COUNT(*) AS undone
  FROM wallet_payable_orders GROUP BY user_id
) AS o ON o.user_id = u.id`,
    ),
    temporaryTable(
      walletTables.provider_users,
      `SELECT
  ROW_NUMBER() OVER (ORDER BY place, hashed_email) AS provider_user_id,
  email,
  ${dialect.daysBefore(lastDay, "days_old")} AS date_of_birth,
  city,
  CASE WHEN weight >= ${businessFrom} THEN 'Business' WHEN weight >= ${premiumFrom} THEN 'Premium' ELSE 'Free' END AS account_tier,
  luck < 0.75 - 0.4 * undone AS is_verified_user,
  hashed_email,
  id AS user_id
FROM (
  SELECT *, ${draw("place")} AS place, ${daysOld} AS days_old, spent * (0.5 + ${draw("tier")}) AS weight, ${draw("verified")} AS luck
  FROM ${customersTable}
  WHERE NOT (${isMinor}) AND ${draw("wallet")} < ${shareByAge(walletShare)}
) AS holders`,
    ),
    temporaryTable(
      walletTables.transactions,
      `SELECT
  ${uuid("digits")} AS transaction_id,
  order_id, provider_user_id, amount AS transaction_amount, created_at AS transaction_timestamp, status
FROM (
  SELECT *, ${dialect.md5(`CONCAT('${seed}:transaction:', CAST(order_id AS ${dialect.type("STRING")}))`)} AS digits
  FROM wallet_payable_orders JOIN ${walletTables.provider_users} USING (user_id)
) AS payments`,
    ),
  ];
}

/**
 * The statement that fails the script if there is no customer to derive a wallet from, as when files of different exports are
 * mixed. It creates a table, because both engines lack a plainer statement that returns no rows.
 */
export const refuseNoCustomer = temporaryTable(
  "wallet_check",
  `SELECT CASE WHEN (SELECT COUNT(*) FROM ${customersTable}) = 0 THEN
  ERROR('no order of the source has both a user with an e-mail address and items; do its files belong together?')
  ELSE 'enough' END AS answer`,
);

/** How many of the merchant's customers have a wallet: customers = minors + adults without a wallet + wallets. */
export const walletCounts: readonly CountQuery[] = [
  { what: "with an order that has items", sql: `SELECT COUNT(*) FROM ${customersTable}` },
  { what: "left out: younger than 18", sql: `SELECT COUNTIF(${isMinor}) FROM ${customersTable}` },
  {
    what: "left out: adults without a wallet",
    sql: `SELECT COUNTIF(NOT (${isMinor})) - (SELECT COUNT(*) FROM ${walletTables.provider_users}) FROM ${customersTable}`,
  },
  { what: "with a wallet", sql: `SELECT COUNT(*) FROM ${walletTables.provider_users}` },
].map((count) => ({ of: "customers", ...count }));

/** SQL for the share of customers with a wallet, by age: larger below 35, smaller from 55 on. */
function shareByAge(share: number): string {
  // A power of a share stays between 0 and 1.
  return `(CASE WHEN age < 35 THEN ${share ** 0.7} WHEN age >= 55 THEN ${share ** 1.6} ELSE ${share} END)`;
}

/** SQL for a UUID from 32 hexadecimal digits: version 8, which is free for applications to fill. */
function uuid(hex: string): string {
  const part = (from: number, length: number) => `SUBSTR(${hex}, ${from}, ${length})`;
  return `CONCAT(${part(1, 8)}, '-', ${part(9, 4)}, '-8', ${part(14, 3)}, '-8', ${part(18, 3)}, '-', ${part(21, 12)})`;
}
