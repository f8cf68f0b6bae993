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
  HAVING COUNT(DISTINCT w.segment) = 1
),
-- In cents, because sums of whole numbers are exact and fast.
bought AS (
  SELECT
    u.hashed_email,
    LEAST(SUM(CAST(ROUND(i.sale_price * 100) AS INT64)), 50000) AS gross,
    LEAST(SUM(IF(o.status IN ('Cancelled', 'Returned'), 0, CAST(ROUND(i.sale_price * 100) AS INT64))), 50000) AS kept
  FROM merchant.users AS u
  JOIN merchant.orders AS o ON o.user_id = u.id
  JOIN merchant.order_items AS i ON i.order_id = o.order_id
  GROUP BY u.hashed_email
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
-- A number that only the merchant can compute, from the prices of 1,000 items sold and every row of the list. A plain sum could be guessed. The
-- same list has the same number, and so the same answer. If one row changes, all figures are rounded at other points. Each text is hashed by
-- itself: joined as they are, 'ab' and 'c' would be the same row as 'a' and 'bc'.
secret AS (
  SELECT CAST(BIT_XOR(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(CAST(id AS STRING), ' ', CAST(CAST(ROUND(sale_price * 100) AS INT64) AS STRING)))), 1, 15)) AS INT64)) AS STRING) AS salt
  FROM (SELECT id, sale_price FROM merchant.order_items ORDER BY id LIMIT 1000) AS first_items
),
list AS (
  SELECT
    MIN(s.salt) AS salt,
    SUM(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(s.salt, TO_HEX(MD5(l.hashed_email)), TO_HEX(MD5(l.segment))))), 1, 10)) AS INT64)) AS seed
  FROM listed AS l
  CROSS JOIN secret AS s
),
seeded AS (
  SELECT
    f.segment,
    f.customers,
    f.gross,
    f.kept,
    -- The digits of a hash serve as random digits.
    REGEXP_REPLACE(TO_HEX(MD5(CONCAT(list.salt, CAST(list.seed AS STRING), f.segment))), '[^0-9]', '') AS digits
  FROM found AS f
  CROSS JOIN list
  WHERE (SELECT COUNT(DISTINCT segment) FROM listed) <= 50
),
rounded AS (
  SELECT segment, 10 * DIV(customers + CAST(SUBSTR(digits, 1, 1) AS INT64), 10) AS customers, gross, kept, digits
  FROM seeded
),
-- Whether a segment appears, and the step, depend only on rounded counts, so that they reveal nothing more.
stepped AS (
  SELECT segment, customers, gross, kept, digits, 5 * CAST(CEIL(1000 / customers) AS INT64) AS step
  FROM rounded
  WHERE customers >= 110
)
SELECT
  segment,
  customers,
  step * CAST(FLOOR(gross / step + CAST(SUBSTR(digits, 2, 2) AS INT64) / 100) AS INT64) AS gross_usd_per_customer,
  step * CAST(FLOOR(kept / step + CAST(SUBSTR(digits, 4, 2) AS INT64) / 100) AS INT64) AS kept_usd_per_customer
FROM stepped
WHERE (SELECT SUM(customers) FROM stepped) >= 500
