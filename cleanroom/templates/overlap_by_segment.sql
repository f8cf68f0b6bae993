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
  HAVING COUNT(DISTINCT c.segment) = 1
),
segments AS (
  SELECT segment, COUNT(*) AS customers
  FROM listed
  GROUP BY segment
),
-- The view has a rule, so this SELECT has the rule's clause. The view's own threshold holds as well.
found AS (
  SELECT WITH AGGREGATION_THRESHOLD
    l.segment,
    COUNT(DISTINCT p.hashed_email) AS with_wallet,
    COUNTIF(p.account_tier <> 'Free') AS paying
  FROM listed AS l
  JOIN ewallet_provider_shared.provider_users_shared AS p ON p.hashed_email = l.hashed_email
  GROUP BY l.segment
),
-- A number that only the wallet can compute, from the payment volumes of 1,000 users and every row of the list. A plain sum could be guessed. The
-- same list has the same number, and so the same answer. If one row changes, all figures are rounded at other points. Each text is hashed by
-- itself: joined as they are, 'ab' and 'c' would be the same row as 'a' and 'bc'.
secret AS (
  SELECT CAST(BIT_XOR(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(CAST(provider_user_id AS STRING), ' ', CAST(CAST(ROUND(payment_volume * 100) AS INT64) AS STRING)))), 1, 15)) AS INT64)) AS STRING) AS salt
  FROM (SELECT provider_user_id, payment_volume FROM ewallet_provider.provider_users ORDER BY provider_user_id LIMIT 1000) AS first_users
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
    s.customers,
    f.with_wallet,
    f.paying,
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
    customers,
    10 * DIV(with_wallet + CAST(SUBSTR(digits, 1, 1) AS INT64), 10) AS with_wallet,
    10 * DIV(paying + CAST(SUBSTR(digits, 2, 1) AS INT64), 10) AS paying
  FROM seeded
)
-- Whether a segment appears depends only on rounded counts, so that it reveals nothing more.
SELECT segment, customers, with_wallet, paying
FROM rounded
WHERE with_wallet >= 60 AND customers - with_wallet >= 60
QUALIFY SUM(with_wallet) OVER () >= 500
