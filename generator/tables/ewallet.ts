import * as merchant from "./merchant.ts";
import { boolean, date, float, integer, nullable, pii, references, string, table, timestamp } from "./table.ts";

const dataset = "ewallet_provider";

/** People with a wallet. */
export const providerUsers = table(
  {
    dataset,
    table: "provider_users",
    description: "Users of the e-wallet, one row an e-mail address; about half of the merchant's customers",
    primaryKey: ["provider_user_id"],
    clustering: ["hashed_email"],
  },
  {
    provider_user_id: integer("Wallet user, 1 to n"),
    email: pii(string("E-mail address, lower case")),
    date_of_birth: pii(nullable(date("Birth date"))),
    city: nullable(string("City")),
    account_tier: string("Free, Premium or Business; rises with what the user spends"),
    is_verified_user: boolean("Whether the user's identity was checked; verified users cancel and return less"),
    hashed_email: string("SHA-256 of the lower-cased, trimmed e-mail address, in hexadecimal"),
  },
);

/** Payments for the merchant's orders. */
export const transactions = table(
  {
    dataset,
    table: "transactions",
    description: "Payments made with the wallet at the merchant, one row an order",
    primaryKey: ["transaction_id"],
    foreignKeys: [references("provider_user_id", providerUsers), references("order_id", merchant.orders)],
    partitioning: { type: "MONTH", field: "transaction_timestamp" },
    clustering: ["order_id"],
  },
  {
    transaction_id: string("Payment, in the form of a UUID"),
    order_id: integer("The merchant's order that was paid"),
    provider_user_id: integer("Wallet user who paid"),
    transaction_amount: float("Amount, USD: the sum of the order's sale prices"),
    transaction_timestamp: nullable(timestamp("When it was paid: when the order was placed")),
    status: nullable(string("Status of the order: Processing, Shipped, Complete, Cancelled or Returned")),
  },
);
