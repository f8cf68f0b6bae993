-- Owner: merchant
-- Question: How much do the wallet's users spend at the merchant, by segments that the wallet chooses, such as its tiers?
-- Guards: A segment appears if at least 110 of its people are customers, by the rounded count. A person's spend counts up to 500 USD. Counts are
--   rounded to tens, and averages so coarsely that one person moves an average by at most a tenth of its rounding step, at points that the
--   whole list decides. A person in two segments counts in neither. A list with fewer than 500 customers in such segments, or with more
--   than 50 segments, gets no rows.
-- Parameters:
--   wallet_users TABLE<hashed_email STRING, segment STRING>: the wallet's users, each in one segment
-- Answer:
--   segment STRING: the segment, as the wallet named it
--   customers INT64: the segment's people who have ordered from the merchant, rounded to tens
--   gross_usd_per_customer INT64: average of their orders, with cancelled and returned ones, rounded to 5 USD for 1,000 people and more, to 50 USD for 100
--   kept_usd_per_customer INT64: average of their orders that were neither cancelled nor returned, rounded in the same way
-- Example:
--   SELECT segment AS account_tier, customers, gross_usd_per_customer, kept_usd_per_customer
--   FROM linked_merchant.spend_by_segment((SELECT hashed_email, account_tier AS segment FROM ewallet_provider.provider_users))
--   ORDER BY gross_usd_per_customer DESC
WITH listed AS (
  SELECT w.hashed_email, MIN(w.segment) AS segment
  FROM wallet_users AS w
  WHERE w.hashed_email IS NOT NULL AND w.segment IS NOT NULL
  GROUP BY w.hashed_email
  HAVING MIN(w.segment) = MAX(w.segment)
),
-- In cents, because sums of whole numbers are exact and fast.
items AS (
  SELECT u.hashed_email, o.status, CAST(ROUND(i.sale_price * 100) AS INT64) AS cents
  FROM merchant.users AS u
  JOIN merchant.orders AS o ON o.user_id = u.id
  JOIN merchant.order_items AS i ON i.order_id = o.order_id
),
bought AS (
  SELECT
    hashed_email,
    LEAST(SUM(cents), 50000) AS gross,
    LEAST(SUM(IF(status IN ('Cancelled', 'Returned'), 0, cents)), 50000) AS kept
  FROM items
  GROUP BY hashed_email
),
known AS (
  SELECT l.hashed_email, l.segment, b.gross, b.kept
  FROM listed AS l
  JOIN bought AS b ON b.hashed_email = l.hashed_email
),
-- The tables have no rule, so the options say who counts as a person and how many are enough.
found AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 100, privacy_unit_column = hashed_email)
    segment,
    COUNT(DISTINCT hashed_email) AS customers,
    AVG(gross) / 100 AS gross,
    AVG(kept) / 100 AS kept
  FROM known
  GROUP BY segment
),
-- Include: points by segment
rounded AS (
  SELECT segment, 10 * CAST(FLOOR(customers / 10 + point_1) AS INT64) AS customers, gross, kept, point_2, point_3
  FROM points
),
-- Whether a segment appears, and the step, depend only on rounded counts, so that they reveal nothing more.
stepped AS (
  SELECT segment, customers, gross, kept, point_2, point_3, 5 * CAST(CEIL(1000 / customers) AS INT64) AS step
  FROM rounded
  WHERE customers >= 110 AND (SELECT COUNT(DISTINCT segment) FROM listed) <= 50
)
SELECT
  segment,
  customers,
  step * CAST(FLOOR(gross / step + point_2) AS INT64) AS gross_usd_per_customer,
  step * CAST(FLOOR(kept / step + point_3) AS INT64) AS kept_usd_per_customer
FROM stepped
WHERE (SELECT SUM(customers) FROM stepped) >= 500
