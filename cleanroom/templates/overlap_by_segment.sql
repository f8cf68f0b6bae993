-- Owner: wallet
-- Question: How many of the merchant's customers have a wallet, and how many of these pay for a tier, by segments that the merchant chooses?
-- Guards: A segment appears if at least 60 of its people have a wallet and at least 60 have none, by rounded counts. Counts are rounded to
--   tens, at points that the whole list decides. A person in two segments counts in neither. A list with fewer than 500 wallet users in
--   such segments, or with more than 50 segments, gets no rows.
-- Parameters:
--   customers TABLE<hashed_email STRING, segment STRING>: the merchant's customers, each in one segment
-- Answer:
--   segment STRING: the segment, as the merchant named it
--   customers INT64: people whom the merchant listed in it
--   with_wallet INT64: those of them who have a wallet, rounded to tens
--   paying INT64: those with a wallet who pay for a tier, rounded to tens
-- Example:
--   SELECT segment, customers, with_wallet, ROUND(with_wallet / customers, 2) AS overlap, ROUND(paying / with_wallet, 2) AS on_paying_tier
--   FROM linked_ewallet_provider.overlap_by_segment((SELECT hashed_email, traffic_source AS segment FROM merchant.users))
--   ORDER BY overlap DESC, segment
WITH listed AS (
  SELECT c.hashed_email, MIN(c.segment) AS segment
  FROM customers AS c
  WHERE c.hashed_email IS NOT NULL AND c.segment IS NOT NULL
  GROUP BY c.hashed_email
  HAVING MIN(c.segment) = MAX(c.segment)
),
segments AS (
  SELECT segment, COUNT(*) AS customers
  FROM listed
  GROUP BY segment
),
-- The view has a rule, so this SELECT has the rule's clause. The view's own threshold holds as well.
members AS (
  SELECT WITH AGGREGATION_THRESHOLD
    l.segment,
    COUNT(DISTINCT p.hashed_email) AS with_wallet,
    COUNTIF(p.account_tier <> 'Free') AS paying
  FROM listed AS l
  JOIN ewallet_provider_shared.provider_users_shared AS p ON p.hashed_email = l.hashed_email
  GROUP BY l.segment
),
found AS (
  SELECT s.segment, s.customers, m.with_wallet, m.paying
  FROM segments AS s
  JOIN members AS m ON m.segment = s.segment
  WHERE (SELECT COUNT(*) FROM segments) <= 50
),
-- Include: points by segment
rounded AS (
  SELECT
    segment,
    customers,
    10 * CAST(FLOOR(with_wallet / 10 + point_1) AS INT64) AS with_wallet,
    10 * CAST(FLOOR(paying / 10 + point_2) AS INT64) AS paying
  FROM points
)
-- Whether a segment appears depends only on rounded counts, so that it reveals nothing more.
SELECT segment, customers, with_wallet, paying
FROM rounded
WHERE with_wallet >= 60 AND customers - with_wallet >= 60
QUALIFY SUM(with_wallet) OVER () >= 500
