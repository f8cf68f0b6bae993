import type { Party } from "../../cleanroom/party.ts";
import type { Answered, Refused } from "./api.ts";

/*
 * The guided tour of the page: eight steps, from a question that is refused to a query template. The queries run on the data of the last
 * `npm start`, so a text with figures takes them from the answer. test/local/room/page.test.ts asks each query and checks that its
 * outcome is the one that the text describes.
 */

/** The outcome that a step expects: a rule's name as `Problem` has it, or an answer with the property that the text claims. */
type Expected = { readonly refused: string } | { readonly answers: (answer: Answered) => boolean };

/** A query of the tour. */
export interface TourQuery {
  /** Its name on a button, if a step has several. */
  readonly label: string;
  readonly sql: string;
  readonly expects: Expected;
  /** The outcome and its reason, in sentences, shown after the query was asked; `**` marks bold words. */
  told(outcome: Answered | Refused): string;
}

/** A step of the tour. */
export interface TourStep {
  readonly title: string;
  /** The party that asks. */
  readonly party: Party;
  /** Who wants to know what, and how it goes about it. */
  readonly story: string;
  readonly queries: readonly TourQuery[];
}

const figure = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** The value of a column in the first or last row, as a number. */
function cell({ columns, rows }: Answered, name: string, at: number): number {
  return Number(rows.at(at)?.[columns.findIndex((column) => column.name === name)]);
}

/** The sum of a column. */
function sum({ columns, rows }: Answered, name: string): number {
  const at = columns.findIndex((column) => column.name === name);
  return rows.reduce((total, row) => total + Number(row[at]), 0);
}

/** The text for an outcome that the tour does not expect, for instance in a clean room with other settings. */
const OTHERWISE =
  "**This is not the answer that the tour expects**: this clean room has other settings, or earlier queries have changed its budget.";

function ifAnswered(told: (answer: Answered) => string): TourQuery["told"] {
  return (outcome) => (outcome.kind === "answer" ? told(outcome) : OTHERWISE);
}

function ifRefused(rule: string, told: string): TourQuery["told"] {
  return (outcome) => (outcome.kind === "refused" && outcome.rule === rule ? told : OTHERWISE);
}

/** Customers who certainly have a wallet: the view of payments shows which orders they paid with it. */
const KNOWN = `SELECT DISTINCT u.hashed_email
  FROM merchant.users AS u
  JOIN merchant.orders AS o ON o.user_id = u.id
  JOIN linked_ewallet_provider.transactions_shared AS t ON t.order_id = o.order_id
  LIMIT 52`;

/** The steps in their order. */
export const tour: readonly TourStep[] = [
  {
    title: "The shortcut",
    party: "merchant",
    story:
      "A merchant sells clothes online and knows who bought what. An e-wallet knows which of its users pay for a Premium or Business tier. Half of the merchant’s customers use the wallet. The merchant wants to know: **do customers in a higher tier spend more?** The shortcut is to look up every customer in the e-wallet’s table.",
    queries: [
      {
        label: "Look everybody up",
        sql: `SELECT u.id, u.first_name, p.account_tier
FROM merchant.users AS u
JOIN ewallet_provider.provider_users AS p
  ON p.hashed_email = u.hashed_email`,
        expects: { refused: "names" },
        told: ifRefused(
          "names",
          "**Not found.** The table exists, but the merchant may not read it. The error is the same as for a table that does not exist, so it does not even reveal the name. Both companies keep all their tables private.",
        ),
      },
    ],
  },
  {
    title: "A view with a rule",
    party: "merchant",
    story:
      "In a **data clean room**, a company lets another one query its data, and decides by rules what a query may ask. The e-wallet shares a **view** of its users there, and the merchant finds it under `linked_ewallet_provider`. The view has an **analysis rule**: every query that breaks it is refused. The merchant tries the same join on the view.",
    queries: [
      {
        label: "Join the view",
        sql: `SELECT u.id, u.first_name, p.account_tier
FROM merchant.users AS u
JOIN linked_ewallet_provider.provider_users_shared AS p
  ON p.hashed_email = u.hashed_email`,
        expects: { refused: "aggregation threshold" },
        told: ifRefused(
          "aggregation threshold",
          "**Refused by the aggregation threshold.** This view answers only about groups of at least 50 people. The editor marks the place that broke the rule, and the red card below it says what to write instead. The e-wallet sees that the merchant asked and was refused. It does not see the query.",
        ),
      },
    ],
  },
  {
    title: "Ask about groups",
    party: "merchant",
    story:
      "So the merchant asks about groups. `SELECT WITH AGGREGATION_THRESHOLD` suppresses every group of fewer than 50 people. The view also has a **join restriction**: a query must join it on `hashed_email`, so it learns only about people whom both companies know. Each company computed this **hash of the e-mail address** itself. It is still personal data: anyone who can guess the address can compute it.",
    queries: [
      {
        label: "Spend by tier",
        sql: `SELECT WITH AGGREGATION_THRESHOLD
  p.account_tier,
  COUNT(DISTINCT p.hashed_email) AS customers,
  ROUND(SUM(CAST(i.sale_price AS NUMERIC)) / COUNT(DISTINCT p.hashed_email), 2) AS usd_per_customer
FROM merchant.users AS u
JOIN merchant.orders AS o ON o.user_id = u.id
JOIN merchant.order_items AS i ON i.order_id = o.order_id
JOIN linked_ewallet_provider.provider_users_shared AS p
  ON p.hashed_email = u.hashed_email
GROUP BY p.account_tier
ORDER BY usd_per_customer`,
        expects: {
          answers: (answer) =>
            answer.rowCount === 3 && cell(answer, "usd_per_customer", -1) > 1.3 * cell(answer, "usd_per_customer", 0),
        },
        told: ifAnswered((answer) => {
          const [least, most] = [cell(answer, "usd_per_customer", 0), cell(answer, "usd_per_customer", -1)];
          return `**${answer.rows.at(-1)?.[0]} customers spend ${(most / least).toFixed(1)} times as much** as ${answer.rows[0]?.[0]} ones: $${figure.format(most)} against $${figure.format(least)} each. The merchant has its answer. The spend came from its own tables and the tier from the e-wallet’s, and neither company saw a row of the other.`;
        }),
      },
    ],
  },
  {
    title: "Too few to tell",
    party: "wallet",
    story:
      "Now you are the **e-wallet**. The merchant shares a view too, with each customer’s country and spend, under the same kind of rule. The e-wallet asks where its users shop and what they spend there.",
    queries: [
      {
        label: "Spend by country",
        sql: `SELECT WITH AGGREGATION_THRESHOLD
  s.country,
  COUNT(DISTINCT s.hashed_email) AS wallet_users,
  ROUND(AVG(s.kept_spend), 2) AS usd_per_user
FROM ewallet_provider.provider_users AS p
JOIN linked_merchant.customer_segments_shared AS s
  ON s.hashed_email = p.hashed_email
GROUP BY s.country
ORDER BY wallet_users DESC`,
        expects: { answers: (answer) => answer.rowCount > 3 && cell(answer, "wallet_users", -1) >= 50 },
        told: ifAnswered(
          (answer) =>
            `**${answer.rowCount} countries, and the small ones are missing.** The smallest one here has ${figure.format(cell(answer, "wallet_users", -1))} users; the threshold is 50. You do not learn how many countries were suppressed. The merchant does, because it owns the data: look for “groups suppressed” in what it sees.`,
        ),
      },
    ],
  },
  {
    title: "Row by row",
    party: "merchant",
    story:
      "You are the **merchant** again. Did the e-wallet charge the right amounts? The view of payments has another rule, a **list overlap**: a query sees single rows, but only those that match the merchant’s own rows, here by order number.",
    queries: [
      {
        label: "Compare payments",
        sql: `SELECT
  t.status, o.order_id,
  i.usd AS ordered_usd,
  t.transaction_amount AS paid_usd
FROM merchant.orders AS o
JOIN (
  SELECT order_id, ROUND(SUM(sale_price), 2) AS usd
  FROM merchant.order_items
  GROUP BY order_id
) AS i ON i.order_id = o.order_id
JOIN linked_ewallet_provider.transactions_shared AS t
  ON t.order_id = o.order_id
WHERE ABS(t.transaction_amount - i.usd) >= 0.005
ORDER BY ABS(t.transaction_amount - i.usd) DESC`,
        expects: { answers: (answer) => answer.rowCount >= 10 },
        told: ifAnswered(
          (answer) =>
            `**${figure.format(answer.rowCount)} payments differ from their orders**, each named by its number, so the two companies can correct them. Nothing hides small groups here: share through a list overlap only what the other party may know about each person. Remember for step 7: a customer who paid an order with the wallet has a wallet.`,
        ),
      },
    ],
  },
  {
    title: "Noise and a budget",
    party: "merchant",
    story:
      "How many payments do all of the e-wallet’s users make, even those who never shop here? That view has **differential privacy**. Every figure gets enough random **noise** to hide any single user, and each user counts for a few payments at most. Every answer spends a part of a **budget**, measured in epsilon and delta. The view allows no joins.",
    queries: [
      {
        label: "Count with noise",
        sql: `SELECT status, payments
FROM (
  SELECT WITH DIFFERENTIAL_PRIVACY
    OPTIONS (epsilon = 0.1, max_groups_contributed = 3)
    status,
    COUNT(*, contribution_bounds_per_group => (0, 3)) AS payments
  FROM linked_ewallet_provider.transactions_private
  GROUP BY status
)
ORDER BY payments DESC`,
        expects: { answers: (answer) => answer.rowCount >= 3 },
        told: (outcome) =>
          outcome.kind === "answer"
            ? `**${figure.format(sum(outcome, "payments"))} payments, and every figure is a little wrong.** Ask again and the figures change, so nobody can tell whether they include a certain user. The e-wallet sees the budget shrink. When its epsilon or its delta is spent, the view answers no more queries; here, \`npm start\` resets it.`
            : "**No answer: the budget is spent.** Every answer spent a part of it, so nobody can ask so often that the noise averages out. Here, `npm start` resets the budget.",
      },
    ],
  },
  {
    title: "The attack that works",
    party: "merchant",
    story:
      "A threshold stops a careless analyst, but not an attacker. Take **52 customers who certainly have a wallet**, because they paid with it. Make one group for each customer, and put the same 52 into every group. Each group then has at least 52 people and passes the threshold of 50. The two counts look only at the customer: is there a wallet, and does it pay for a tier?",
    queries: [
      {
        label: "Pad every group",
        sql: `WITH known AS (
  ${KNOWN}
),
targets AS (
  SELECT id, hashed_email FROM merchant.users WHERE id <= 1000
),
padded AS (
  SELECT id, hashed_email, TRUE AS is_target FROM targets
  UNION ALL
  SELECT t.id, k.hashed_email, FALSE FROM targets AS t CROSS JOIN known AS k
),
one_each AS (
  SELECT WITH AGGREGATION_THRESHOLD
    l.id,
    COUNTIF(l.is_target) AS has_wallet,
    COUNTIF(l.is_target AND p.account_tier <> 'Free') AS pays
  FROM padded AS l
  JOIN linked_ewallet_provider.provider_users_shared AS p
    ON p.hashed_email = l.hashed_email
  GROUP BY l.id
)
SELECT u.first_name, u.last_name, u.city,
  IF(g.pays > 0, 'pays for a tier', 'has a free wallet') AS finding
FROM one_each AS g
JOIN merchant.users AS u ON u.id = g.id
WHERE g.has_wallet > 0
ORDER BY u.id`,
        expects: { answers: (answer) => answer.rowCount > 100 },
        told: ifAnswered(
          (answer) =>
            `**${figure.format(answer.rowCount)} people, by name**, and every row is true. The query stops at customer 1,000; without that limit, it would find every customer that the two companies share. The e-wallet sees one more answered question and no group suppressed. Google warns of this: the rules “might not fully prevent sophisticated queries”.`,
        ),
      },
    ],
  },
  {
    title: "Only the owner’s query",
    party: "merchant",
    story:
      "The strongest control is a **query template**. The e-wallet wrote the query and lets the merchant call it: the merchant passes in a list of its customers and gets the answer, but sees neither the query nor the data. Try three calls.",
    queries: [
      {
        label: "Ask for names",
        sql: `SELECT hashed_email, account_tier
FROM linked_ewallet_provider.overlap_by_segment((
  SELECT hashed_email, traffic_source AS segment
  FROM merchant.users))`,
        expects: { refused: "GoogleSQL" },
        told: ifRefused(
          "GoogleSQL",
          "**The answer has no such column.** It has four: the segment and three counts. The merchant cannot change the template’s query, so it cannot ask for names. Now try the padded list.",
        ),
      },
      {
        label: "Pass in the padded list",
        sql: `WITH known AS (
  ${KNOWN}
),
targets AS (
  SELECT id, hashed_email FROM merchant.users WHERE id <= 1000
)
SELECT segment, customers, with_wallet, paying
FROM linked_ewallet_provider.overlap_by_segment((
  SELECT hashed_email, CAST(id AS STRING) AS segment FROM targets
  UNION ALL
  SELECT k.hashed_email, CAST(t.id AS STRING)
  FROM targets AS t CROSS JOIN known AS k))`,
        expects: { answers: (answer) => answer.rowCount === 0 },
        told: ifAnswered(
          () =>
            "**No rows.** A person in two segments counts in neither, so the same 52 people cannot fill a thousand groups. Besides, a list with more than 50 segments gets no rows. Now ask as the e-wallet intended.",
        ),
      },
      {
        label: "Ask as intended",
        sql: `SELECT
  segment, customers, with_wallet,
  ROUND(with_wallet / customers, 2) AS overlap
FROM linked_ewallet_provider.overlap_by_segment((
  SELECT hashed_email, traffic_source AS segment
  FROM merchant.users))
ORDER BY overlap DESC, segment`,
        expects: {
          answers: (answer) => answer.rowCount >= 2 && cell(answer, "overlap", 0) > cell(answer, "overlap", -1),
        },
        told: ifAnswered(
          (answer) =>
            `**Of the customers who came through ${answer.rows[0]?.[0]}, ${figure.format(100 * cell(answer, "overlap", 0))}% have a wallet; of those through ${answer.rows.at(-1)?.[0]}, ${figure.format(100 * cell(answer, "overlap", -1))}%.** The merchant now knows where to advertise payment by wallet. A patient attacker can still call again and again with other lists: the owner sees every call, and only a privacy budget ends this. That was the tour. Now try to break the rules yourself: change a query below, or load a question.`,
        ),
      },
    ],
  },
];
