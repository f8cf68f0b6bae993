-- Owner: merchant
-- Question: Which of the merchant's traffic sources brought the people who pay with the wallet, within a window before each payment?
-- Guards: A source appears if at least 60 people paid after it and at least 60 after others, by rounded counts. A person counts up to 500 USD.
--   People are rounded to tens and amounts to 5,000 USD, at points that the whole list decides. The window is one of four. A list with
--   fewer than 500 customers who paid in the window gets no rows.
-- Parameters:
--   payments TABLE<hashed_email STRING, amount NUMERIC, paid_at TIMESTAMP>: the wallet's payments at the merchant, with the payer's hashed address
--   window_days INT64: how many days after a customer's arrival a payment counts as the source's effect: 7, 30, 90 or 365
-- Answer:
--   traffic_source STRING: Search, Organic, Facebook, Email or Display
--   payers INT64: people who came through this source and paid within the window, rounded to tens
--   attributed_usd INT64: what they paid, rounded to 5,000 USD
-- Example:
--   SELECT traffic_source, payers, attributed_usd, ROUND(attributed_usd / payers) AS usd_per_payer
--   FROM linked_merchant.payments_by_traffic_source((
--     SELECT p.hashed_email, CAST(t.transaction_amount AS NUMERIC) AS amount, t.transaction_timestamp AS paid_at
--     FROM ewallet_provider.transactions AS t
--     JOIN ewallet_provider.provider_users AS p ON p.provider_user_id = t.provider_user_id), 90)
--   ORDER BY attributed_usd DESC, traffic_source
WITH listed AS (
  SELECT DISTINCT hashed_email, amount, paid_at, window_days AS days
  FROM payments
  WHERE hashed_email IS NOT NULL AND amount IS NOT NULL AND paid_at IS NOT NULL
),
people AS (
  SELECT
    u.hashed_email,
    u.traffic_source,
    LEAST(SUM(LEAST(GREATEST(l.amount, 0), 500)), 500) AS usd
  FROM listed AS l
  JOIN merchant.users AS u ON u.hashed_email = l.hashed_email
  WHERE window_days IN (7, 30, 90, 365)
    AND u.traffic_source IS NOT NULL
    AND u.created_at <= l.paid_at
    AND DIV(TIMESTAMP_DIFF(l.paid_at, u.created_at, HOUR), 24) < window_days
  GROUP BY u.hashed_email, u.traffic_source
),
-- The table has no rule, so the options say who counts as a person and how many are enough.
sources AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 50, privacy_unit_column = hashed_email)
    traffic_source,
    COUNT(DISTINCT hashed_email) AS payers,
    SUM(usd) AS usd
  FROM people
  GROUP BY traffic_source
),
found AS (
  SELECT traffic_source, payers, usd, (SELECT COUNT(DISTINCT hashed_email) FROM people) AS people
  FROM sources
),
-- Include: points by traffic_source
rounded AS (
  SELECT
    traffic_source,
    10 * CAST(FLOOR(payers / 10 + point_1) AS INT64) AS payers,
    5000 * CAST(FLOOR(usd / 5000 + point_2) AS INT64) AS attributed_usd,
    10 * CAST(FLOOR(people / 10 + list_point_1) AS INT64) AS people
  FROM points
)
-- Whether a source appears depends only on rounded counts, so that it reveals nothing more.
SELECT traffic_source, payers, attributed_usd
FROM rounded
WHERE people >= 500 AND payers >= 60 AND people - payers >= 60
