-- Owner: wallet
-- Question: How many of the wallet's users resemble the merchant's best customers, by tier and decade of birth?
-- Guards: A group appears if it has at least 60 of the listed people and at least 60 others, by rounded counts. Counts are rounded to tens, at
--   points that the whole list decides, and the lift is computed from rounded counts. A list with fewer than 500 wallet users gets no rows.
--   The answer is a size, and never a list of people.
-- Parameters:
--   seed_customers TABLE<hashed_email STRING>: the customers that the others should resemble
-- Answer:
--   account_tier STRING: Free, Premium or Business
--   birth_decade INT64: decade of birth, by its first year
--   seeds INT64: listed people in this group, rounded to tens
--   lookalikes INT64: the wallet's other users in this group, rounded to tens
--   lift FLOAT64: how many times as frequent the group is among the listed people as among the others; above 1, the group resembles them
-- Example:
--   SELECT account_tier, birth_decade, lift, lookalikes, SUM(lookalikes) OVER (ORDER BY lift DESC, account_tier, birth_decade) AS reach
--   FROM linked_ewallet_provider.lookalike_reach((
--     SELECT u.hashed_email
--     FROM merchant.users AS u
--     JOIN merchant.orders AS o ON o.user_id = u.id AND o.status NOT IN ('Cancelled', 'Returned')
--     JOIN merchant.order_items AS i ON i.order_id = o.order_id
--     GROUP BY u.hashed_email
--     HAVING SUM(i.sale_price) >= 200))
--   ORDER BY lift DESC, account_tier, birth_decade
WITH listed AS (
  SELECT DISTINCT hashed_email, TRUE AS is_seed
  FROM seed_customers
  WHERE hashed_email IS NOT NULL
),
users AS (
  SELECT
    p.hashed_email,
    p.account_tier,
    EXTRACT(YEAR FROM p.date_of_birth) - MOD(EXTRACT(YEAR FROM p.date_of_birth), 10) AS birth_decade,
    COALESCE(l.is_seed, FALSE) AS is_seed
  FROM ewallet_provider.provider_users AS p
  LEFT JOIN listed AS l ON l.hashed_email = p.hashed_email
  WHERE p.date_of_birth IS NOT NULL
),
-- The table has no rule, so the options say who counts as a person and how many are enough.
found AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 50, privacy_unit_column = hashed_email)
    account_tier,
    birth_decade,
    COUNTIF(is_seed) AS seeds,
    COUNTIF(NOT is_seed) AS lookalikes
  FROM users
  GROUP BY account_tier, birth_decade
),
-- A number that only the wallet can compute, from the payment volumes of 1,000 users and every row of the list. A plain sum could be guessed. The
-- same list has the same number, and so the same answer. If one row changes, all figures are rounded at other points.
secret AS (
  SELECT CAST(BIT_XOR(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(CAST(provider_user_id AS STRING), ' ', CAST(CAST(ROUND(payment_volume * 100) AS INT64) AS STRING)))), 1, 15)) AS INT64)) AS STRING) AS salt
  FROM (SELECT provider_user_id, payment_volume FROM ewallet_provider.provider_users ORDER BY provider_user_id LIMIT 1000) AS first_users
),
list AS (
  SELECT
    MIN(s.salt) AS salt,
    SUM(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(s.salt, l.hashed_email))), 1, 10)) AS INT64)) AS seed
  FROM listed AS l
  CROSS JOIN secret AS s
),
totals AS (
  SELECT
    counted.seeds,
    counted.others,
    REGEXP_REPLACE(TO_HEX(MD5(CONCAT(CAST(list.seed AS STRING), list.salt))), '[^0-9]', '') AS digits
  FROM (SELECT COUNTIF(is_seed) AS seeds, COUNTIF(NOT is_seed) AS others FROM users) AS counted
  CROSS JOIN list
),
seeded AS (
  SELECT
    f.account_tier,
    f.birth_decade,
    f.seeds,
    f.lookalikes,
    10 * DIV(totals.seeds + CAST(SUBSTR(totals.digits, 1, 1) AS INT64), 10) AS all_seeds,
    10 * DIV(totals.others + CAST(SUBSTR(totals.digits, 2, 1) AS INT64), 10) AS all_others,
    -- The digits of a hash serve as random digits.
    REGEXP_REPLACE(TO_HEX(MD5(CONCAT(list.salt, CAST(list.seed AS STRING), f.account_tier, CAST(f.birth_decade AS STRING)))), '[^0-9]', '') AS digits
  FROM found AS f
  CROSS JOIN list
  CROSS JOIN totals
),
rounded AS (
  SELECT
    account_tier,
    birth_decade,
    10 * DIV(seeds + CAST(SUBSTR(digits, 1, 1) AS INT64), 10) AS seeds,
    10 * DIV(lookalikes + CAST(SUBSTR(digits, 2, 1) AS INT64), 10) AS lookalikes,
    all_seeds,
    all_others
  FROM seeded
)
-- Whether a group appears depends only on rounded counts, so that it reveals nothing more.
SELECT
  account_tier,
  birth_decade,
  seeds,
  lookalikes,
  ROUND((seeds / all_seeds) / (lookalikes / all_others), 2) AS lift
FROM rounded
WHERE all_seeds >= 500 AND seeds >= 60 AND lookalikes >= 60
