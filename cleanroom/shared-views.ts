import type { AnalysisRule } from "analysis-rules/policy";
import { ewallet, merchant } from "../generator/tables/index.ts";
import type { Table } from "../generator/tables/table.ts";
import type { Party } from "./party.ts";

/** A view's column that is computed from columns of the source. */
export interface DerivedColumn {
  readonly description: string;
  /** A GoogleSQL expression, in which `s` is the source. */
  readonly sql: string;
  /** The columns with personal data that the expression makes too coarse to identify anyone. @default none: it reads no such column */
  readonly blurs?: readonly string[];
}

/** A shared view, before settings change it. */
export interface ViewDefinition {
  readonly name: string;
  readonly party: Party;
  readonly description: string;
  /** The table that it shows. The view has one row for each row of the table. */
  readonly source: Table;
  /** The joins after `FROM source AS s`, if derived columns read further tables. */
  readonly joins?: (nameOf: (table: Table) => string) => string;
  /** Columns that it may show besides the source's columns without personal data. */
  readonly derived: Readonly<Record<string, DerivedColumn>>;
  /** The columns that it shows by default. */
  readonly columns: readonly string[];
  readonly rule: AnalysisRule;
}

/** The size of the smallest group that a shared view shows, in persons. */
export const THRESHOLD = 50;

/**
 * Enough for three queries that each spend the maximum, or for twenty at a lower epsilon. `npm run attack` shows why it is not more: an
 * attacker who spends all of it on one person is right eight times in ten, and with a budget of 20 nearly always.
 */
export const PRIVACY_BUDGET = { maxEpsilonPerQuery: 1, epsilonBudget: 3, deltaPerQuery: 1e-6, deltaBudget: 2e-5 };

const ageBand: DerivedColumn = {
  description: "Age in bands of ten years",
  sql: `CASE
    WHEN s.age < 18 THEN 'under 18'
    WHEN s.age < 25 THEN '18 to 24'
    WHEN s.age < 35 THEN '25 to 34'
    WHEN s.age < 45 THEN '35 to 44'
    WHEN s.age < 55 THEN '45 to 54'
    WHEN s.age < 65 THEN '55 to 64'
    WHEN s.age >= 65 THEN '65 and older'
  END`,
};

/** Every shared view with its safe defaults. */
export const definitions: readonly ViewDefinition[] = [
  {
    name: "users_shared",
    party: "merchant",
    description: "The merchant's customers: another party sees the rows whose e-mail hash it already has",
    source: merchant.users,
    derived: { age_band: ageBand },
    columns: ["hashed_email", "age_band", "gender", "country"],
    rule: { joinRestriction: { condition: "JOIN_ANY", columns: ["hashed_email"] } },
  },
  {
    name: "customer_segments_shared",
    party: "merchant",
    description: "Age band, gender, country, traffic source and spend of the merchant's customers, for groups only",
    source: merchant.users,
    joins: (nameOf) => `LEFT JOIN (
  SELECT o.user_id, COUNT(DISTINCT o.order_id) AS orders,
    ROUND(SUM(CAST(i.sale_price AS NUMERIC)), 2) AS gross,
    ROUND(SUM(IF(o.status IN ('Cancelled', 'Returned'), 0, CAST(i.sale_price AS NUMERIC))), 2) AS kept
  FROM ${nameOf(merchant.orders)} AS o
  JOIN ${nameOf(merchant.orderItems)} AS i ON i.order_id = o.order_id
  GROUP BY o.user_id
) AS bought ON bought.user_id = s.id`,
    derived: {
      age_band: ageBand,
      orders: { description: "Orders of the customer", sql: "COALESCE(bought.orders, 0)" },
      // NUMERIC, because a sum of FLOAT64 depends on the order of the rows in its last digits.
      gross_spend: {
        description: "USD of all the customer's orders, including cancelled and returned ones",
        sql: "COALESCE(bought.gross, 0)",
      },
      kept_spend: {
        description: "USD of the orders that the customer neither cancelled nor returned",
        sql: "COALESCE(bought.kept, 0)",
      },
    },
    columns: ["hashed_email", "age_band", "gender", "country", "traffic_source", "orders", "gross_spend", "kept_spend"],
    rule: {
      aggregationThreshold: { threshold: THRESHOLD, privacyUnitColumn: "hashed_email" },
      joinRestriction: { condition: "JOIN_ANY", columns: ["hashed_email"] },
    },
  },
  {
    name: "provider_users_shared",
    party: "wallet",
    description:
      "Birth decade, tier, verification and city of the wallet's users, for groups of users both parties know",
    source: ewallet.providerUsers,
    derived: {
      birth_decade: {
        description: "Decade of birth, by its first year",
        sql: "EXTRACT(YEAR FROM s.date_of_birth) - MOD(EXTRACT(YEAR FROM s.date_of_birth), 10)",
        blurs: ["date_of_birth"],
      },
    },
    columns: ["hashed_email", "birth_decade", "account_tier", "is_verified_user", "city"],
    rule: {
      aggregationThreshold: { threshold: THRESHOLD, privacyUnitColumn: "hashed_email" },
      joinRestriction: { condition: "JOIN_ANY", columns: ["hashed_email"] },
    },
  },
  {
    name: "transactions_shared",
    party: "wallet",
    description: "Payments with the wallet: another party sees the payments for orders whose number it already has",
    source: ewallet.transactions,
    derived: {},
    columns: ["order_id", "transaction_amount", "transaction_timestamp", "status"],
    rule: { joinRestriction: { condition: "JOIN_ANY", columns: ["order_id"] } },
  },
  {
    name: "transactions_private",
    party: "wallet",
    description: "All payments with the wallet: answers contain noise, and each answer spends part of a privacy budget",
    source: ewallet.transactions,
    derived: {
      transaction_month: {
        description: "Month of the payment, as YYYYMM",
        sql: "EXTRACT(YEAR FROM s.transaction_timestamp) * 100 + EXTRACT(MONTH FROM s.transaction_timestamp)",
      },
    },
    columns: ["provider_user_id", "transaction_month", "status", "transaction_amount"],
    rule: {
      differentialPrivacy: { privacyUnitColumn: "provider_user_id", ...PRIVACY_BUDGET, maxGroupsContributed: 3 },
      joinRestriction: { condition: "JOIN_BLOCKED", columns: [] },
    },
  },
];
