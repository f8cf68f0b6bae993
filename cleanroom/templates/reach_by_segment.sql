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
  HAVING COUNT(DISTINCT w.segment) = 1
),
segments AS (
  SELECT segment, COUNT(*) AS wallet_users
  FROM listed
  GROUP BY segment
),
-- The view has a rule, so this SELECT has the rule's clause. The view's own threshold holds as well.
found AS (
  SELECT WITH AGGREGATION_THRESHOLD
    l.segment,
    COUNT(DISTINCT c.hashed_email) AS customers,
    COUNTIF(c.orders >= 2) AS repeat_customers
  FROM listed AS l
  JOIN merchant_shared.customer_segments_shared AS c ON c.hashed_email = l.hashed_email
  GROUP BY l.segment
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
    s.segment,
    s.wallet_users,
    f.customers,
    f.repeat_customers,
    -- The digits of a hash serve as random digits.
    REGEXP_REPLACE(TO_HEX(MD5(CONCAT(list.salt, CAST(list.seed AS STRING), s.segment))), '[^0-9]', '') AS digits
  FROM segments AS s
  JOIN found AS f ON f.segment = s.segment
  CROSS JOIN list
  WHERE (SELECT COUNT(*) FROM segments) <= 50
),
rounded AS (
  SELECT
    segment,
    wallet_users,
    10 * DIV(customers + CAST(SUBSTR(digits, 1, 1) AS INT64), 10) AS customers,
    10 * DIV(repeat_customers + CAST(SUBSTR(digits, 2, 1) AS INT64), 10) AS repeat_customers
  FROM seeded
)
-- Whether a segment appears depends only on rounded counts, so that it reveals nothing more.
SELECT segment, wallet_users, customers, repeat_customers
FROM rounded
WHERE customers >= 60 AND wallet_users - customers >= 60
QUALIFY SUM(customers) OVER () >= 500
