import { type Dialect, digitsOf, numberOf, temporaryTable } from "../warehouse/dialect.ts";
import { DISCREPANCIES, float, OTHERWISE, pickBy } from "./effects.ts";
import { providerUsersTable } from "./people.ts";

/** The temporary table of the merchant's orders that have items, with their amount. */
export const payableOrdersTable = "wallet_payable_orders";
/** The temporary tables of the rows of `order_payments` and `transactions`. */
export const orderPaymentsTable = "wallet_order_payments";
export const transactionsTable = "wallet_transactions";

/** The payment method of orders that the merchant's checkout sent to the wallet. */
export const BY_WALLET = "E-wallet";

/**
 * The statements that say how each order was paid, and derive the wallet's transactions. A transaction has the order's time and
 * status and the sum of its items, except for a share of transactions that disagrees (see `DISCREPANCIES`).
 * @param lastInstant SQL for the end of the snapshot, after which nothing happened
 */
export function paymentStatements(
  dialect: Dialect,
  lastInstant: string,
  { seed, habit, discrepancyShare }: { seed: number; habit: number; discrepancyShare: number },
): string[] {
  const number = (which: Parameters<typeof numberOf>[2]) => numberOf(dialect, "digits", which);
  const minutes = (expression: string) => `CAST(FLOOR(${expression}) AS ${dialect.type("INT64")})`;
  // The draw decides whether a payment disagrees. The remainder of the draw is uniform, too, and decides how.
  const how = pickBy(`${number(2)} / ${float(discrepancyShare || 1)}`, DISCREPANCIES);
  const more = "(1e+0 + 1e-2 + 1.9e-1 * size)";
  const less = "(1e+0 - 1e-2 - 1.9e-1 * size)";
  const DAY = 24 * 60;
  return [
    temporaryTable(
      orderPaymentsTable,
      `SELECT order_id, provider_user_id, amount, created_at, status, digits,
  CASE WHEN provider_user_id IS NOT NULL AND ${number(0)} < POW(habit, ${float(habit)}) THEN '${BY_WALLET}'
    ELSE ${pickBy(number(1), OTHERWISE)} END AS payment_method
FROM (
  SELECT o.*, p.provider_user_id, p.habit, ${digitsOf(dialect, seed, "order", "order_id")} AS digits
  FROM ${payableOrdersTable} AS o
  LEFT JOIN ${providerUsersTable} AS p ON p.user_id = o.user_id
) AS paid`,
    ),
    temporaryTable(
      transactionsTable,
      `SELECT ${uuid("id_digits")} AS transaction_id, order_id, provider_user_id, transaction_amount, transaction_timestamp, status
FROM (
  SELECT order_id, provider_user_id,
    ${dialect.md5(`CONCAT('${seed}:transaction:', CAST(order_id AS ${dialect.type("STRING")}), again)`)} AS id_digits,
    CASE WHEN kind <> 'amount' THEN amount WHEN size < 5e-1
      THEN ROUND(amount * ${more} + 1e-2, 2) ELSE ROUND(amount * ${less} - 1e-2, 2) END AS transaction_amount,
    CASE WHEN kind = 'late' OR again <> '' THEN delayed ELSE created_at END AS transaction_timestamp,
    CASE WHEN kind <> 'status' THEN status
      ELSE CASE status WHEN 'Returned' THEN 'Complete' WHEN 'Complete' THEN 'Shipped' WHEN 'Processing' THEN 'Cancelled'
        ELSE 'Processing' END END AS status
  FROM (
    SELECT *, CASE WHEN kind IN ('late', 'twice') THEN
      ${dialect.minutesAfter("created_at", `CASE WHEN kind = 'late' THEN ${minutes(`${DAY} + size * ${9 * DAY}`)} ELSE 1 + ${minutes("size * 20")} END`)}
      END AS delayed
    FROM (
      SELECT *, ${number(3)} AS size, CASE WHEN ${number(2)} < ${float(discrepancyShare)} THEN ${how} ELSE 'none' END AS kind
      FROM ${orderPaymentsTable}
      WHERE payment_method = '${BY_WALLET}'
    ) AS judged
  ) AS timed
  JOIN (SELECT '' AS again UNION ALL SELECT ':again') AS times ON again = '' OR kind = 'twice'
  -- A payment that would arrive after the end of the snapshot is not there yet.
  WHERE kind <> 'missing' AND (delayed IS NULL OR delayed <= ${lastInstant} OR (kind = 'twice' AND again = ''))
) AS payments`,
    ),
  ];
}

/** SQL for a UUID from 32 hexadecimal digits: version 8, which is free for applications to fill. */
function uuid(hex: string): string {
  const part = (from: number, length: number) => `SUBSTR(${hex}, ${from}, ${length})`;
  return `CONCAT(${part(1, 8)}, '-', ${part(9, 4)}, '-8', ${part(14, 3)}, '-8', ${part(18, 3)}, '-', ${part(21, 12)})`;
}
