-- Owner: merchant
-- Question: How many of the wallet's users shop at the merchant, and how many of these ordered more than once, by segments that the wallet chooses?
-- Guards: A segment appears if at least 60 of its people are customers and at least 60 are not, by rounded counts. Counts are rounded to
--   tens, at points that the whole list decides. A person in two segments counts in neither. A list with fewer than 500 customers in such
--   segments, or with more than 50 segments, gets no rows.
-- Parameters:
--   wallet_users TABLE<hashed_email STRING, segment STRING>: the wallet's users, each in one segment
-- Answer:
--   segment STRING: the segment, as the wallet named it
--   wallet_users INT64: people whom the wallet listed in it
--   customers INT64: those of them who are the merchant's customers, rounded to tens
--   repeat_customers INT64: those with two or more orders, rounded to tens
-- Example:
--   SELECT segment AS account_tier, wallet_users, customers, ROUND(customers / wallet_users, 2) AS reach, ROUND(repeat_customers / customers, 2) AS repeating
--   FROM linked_merchant.reach_by_segment((SELECT hashed_email, account_tier AS segment FROM ewallet_provider.provider_users))
--   ORDER BY reach DESC, account_tier
WITH listed AS (
  SELECT w.hashed_email, MIN(w.segment) AS segment
  FROM wallet_users AS w
  WHERE w.hashed_email IS NOT NULL AND w.segment IS NOT NULL
  GROUP BY w.hashed_email
  HAVING MIN(w.segment) = MAX(w.segment)
),
segments AS (
  SELECT segment, COUNT(*) AS wallet_users
  FROM listed
  GROUP BY segment
),
-- The view has a rule, so this SELECT has the rule's clause. The view's own threshold holds as well.
buyers AS (
  SELECT WITH AGGREGATION_THRESHOLD
    l.segment,
    COUNT(DISTINCT c.hashed_email) AS customers,
    COUNTIF(c.orders >= 2) AS repeat_customers
  FROM listed AS l
  JOIN merchant_shared.customer_segments_shared AS c ON c.hashed_email = l.hashed_email
  GROUP BY l.segment
),
found AS (
  SELECT s.segment, s.wallet_users, b.customers, b.repeat_customers
  FROM segments AS s
  JOIN buyers AS b ON b.segment = s.segment
  WHERE (SELECT COUNT(*) FROM segments) <= 50
),
-- Include: points by segment
rounded AS (
  SELECT
    segment,
    wallet_users,
    10 * CAST(FLOOR(customers / 10 + point_1) AS INT64) AS customers,
    10 * CAST(FLOOR(repeat_customers / 10 + point_2) AS INT64) AS repeat_customers
  FROM points
)
-- Whether a segment appears depends only on rounded counts, so that it reveals nothing more.
SELECT segment, wallet_users, customers, repeat_customers
FROM rounded
WHERE customers >= 60 AND wallet_users - customers >= 60
QUALIFY SUM(customers) OVER () >= 500
