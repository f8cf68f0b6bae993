import * as merchant from "./merchant.ts";
import { boolean, date, float, integer, nullable, pii, references, string, table, timestamp } from "./table.ts";

const dataset = "ewallet_provider";

/** People with a wallet. */
export const providerUsers = table(
  {
    dataset,
    table: "provider_users",
    description:
      "Users of the e-wallet, one row per e-mail address: about half of the merchant's customers, and other people",
    primaryKey: ["provider_user_id"],
    clustering: ["hashed_email"],
  },
  {
    provider_user_id: integer("Wallet user, 1 to n"),
    email: pii(string("E-mail address, lower case")),
    date_of_birth: pii(nullable(date("Birth date"))),
    city: nullable(string("City")),
    account_tier: string("Free, Premium or Business, by the payment volume"),
    is_verified_user: boolean("Whether the user's identity was checked; verified users cancel and return less"),
    hashed_email: string("SHA-256 of the lower-cased, trimmed e-mail address, in hexadecimal"),
    payment_volume: float("USD paid with the wallet since it was opened, at all merchants; the merchant cannot see it"),
  },
);

/** Payments for the merchant's orders. */
export const transactions = table(
  {
    dataset,
    table: "transactions",
    description: "Payments made with the wallet at the merchant; a few disagree with their order",
    primaryKey: ["transaction_id"],
    foreignKeys: [references("provider_user_id", providerUsers), references("order_id", merchant.orders)],
    partitioning: { type: "MONTH", field: "transaction_timestamp" },
    clustering: ["order_id"],
  },
  {
    transaction_id: string("Payment, in the form of a UUID"),
    order_id: integer("The merchant's order that was paid"),
    provider_user_id: integer("Wallet user who paid"),
    transaction_amount: float("Amount, USD: the sum of the order's sale prices, unless it disagrees"),
    transaction_timestamp: nullable(timestamp("When it was paid: when the order was placed, unless it is late")),
    status: nullable(
      string("Status of the order, as the wallet last heard: Processing, Shipped, Complete, Cancelled or Returned"),
    ),
  },
);
