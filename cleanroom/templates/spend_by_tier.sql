-- Owner: wallet
-- Question: How much does a customer of each of the wallet's tiers spend, by amounts that the merchant passes in?
-- Guards: A tier appears if at least 110 of the listed people are in it and as many in another, by rounded counts. An amount counts up to
--   500 USD. Counts are rounded to tens, and averages so coarsely that one person moves an average by at most a tenth of its rounding step,
--   at points that the whole list decides. A person listed twice does not count. A list with fewer than 500 wallet users in such tiers gets
--   no rows.
-- Parameters:
--   customers TABLE<hashed_email STRING, spend NUMERIC>: the merchant's customers, one row per person, and what each has spent in USD
-- Answer:
--   account_tier STRING: Free, Premium or Business
--   customers INT64: listed people in this tier, rounded to tens
--   usd_per_customer INT64: their average spend, rounded to 5 USD for 1,000 people and more, to 50 USD for 100
-- Example:
--   SELECT account_tier, customers, usd_per_customer
--   FROM linked_ewallet_provider.spend_by_tier((
--     SELECT u.hashed_email, ROUND(CAST(SUM(i.sale_price) AS NUMERIC), 2) AS spend
--     FROM merchant.users AS u
--     JOIN merchant.orders AS o ON o.user_id = u.id
--     JOIN merchant.order_items AS i ON i.order_id = o.order_id
--     GROUP BY u.hashed_email))
--   ORDER BY usd_per_customer DESC
WITH listed AS (
  SELECT c.hashed_email, LEAST(GREATEST(MIN(c.spend), 0), 500) AS spend
  FROM customers AS c
  WHERE c.hashed_email IS NOT NULL AND c.spend IS NOT NULL
  GROUP BY c.hashed_email
  HAVING COUNT(*) = 1
),
known AS (
  SELECT l.hashed_email, l.spend, p.account_tier
  FROM listed AS l
  JOIN ewallet_provider.provider_users AS p ON p.hashed_email = l.hashed_email
),
-- The table has no rule, so the options say who counts as a person and how many are enough.
found AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 100, privacy_unit_column = hashed_email)
    account_tier,
    COUNT(DISTINCT hashed_email) AS customers,
    AVG(spend) AS spend
  FROM known
  GROUP BY account_tier
),
-- Include: points by account_tier
rounded AS (
  SELECT account_tier, 10 * CAST(FLOOR(customers / 10 + point_1) AS INT64) AS customers, spend, point_2
  FROM points
),
-- Whether a tier appears, and the step, depend only on rounded counts, so that they reveal nothing more.
stepped AS (
  SELECT account_tier, customers, spend, point_2, 5 * CAST(CEIL(1000 / customers) AS INT64) AS step
  FROM rounded
  WHERE customers >= 110
)
SELECT account_tier, customers, step * CAST(FLOOR(spend / step + point_2) AS INT64) AS usd_per_customer
FROM stepped
WHERE (SELECT SUM(customers) FROM stepped) >= 500 AND (SELECT COUNT(*) FROM stepped) >= 2
