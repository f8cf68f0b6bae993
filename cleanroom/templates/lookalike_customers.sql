-- Owner: merchant
-- Question: How many of the merchant's customers resemble the wallet's best users, by traffic source and age?
-- Guards: A group appears if it has at least 60 of the listed people and at least 60 others, by rounded counts. Counts are rounded to tens, at
--   points that the whole list decides, and the lift is computed from rounded counts. A list with fewer than 500 customers gets no rows.
--   The answer is a size, and never a list of people.
-- Parameters:
--   seed_users TABLE<hashed_email STRING>: the users that the others should resemble
-- Answer:
--   traffic_source STRING: Search, Organic, Facebook, Email or Display
--   age_band STRING: under 25, 25 to 44, 45 to 64 or 65 and older
--   seeds INT64: listed people in this group, rounded to tens
--   lookalikes INT64: the merchant's other customers in this group, rounded to tens
--   lift FLOAT64: how many times as frequent the group is among the listed people as among the others; above 1, the group resembles them
-- Example:
--   SELECT traffic_source, age_band, lift, lookalikes, SUM(lookalikes) OVER (ORDER BY lift DESC, traffic_source, age_band) AS reach
--   FROM linked_merchant.lookalike_customers((
--     SELECT hashed_email FROM ewallet_provider.provider_users WHERE account_tier <> 'Free'))
--   ORDER BY lift DESC, traffic_source, age_band
WITH listed AS (
  SELECT DISTINCT hashed_email, TRUE AS is_seed
  FROM seed_users
  WHERE hashed_email IS NOT NULL
),
customers AS (
  SELECT
    u.hashed_email,
    u.traffic_source,
    CASE
      WHEN u.age < 25 THEN 'under 25'
      WHEN u.age < 45 THEN '25 to 44'
      WHEN u.age < 65 THEN '45 to 64'
      ELSE '65 and older'
    END AS age_band,
    COALESCE(l.is_seed, FALSE) AS is_seed
  FROM merchant.users AS u
  LEFT JOIN listed AS l ON l.hashed_email = u.hashed_email
  WHERE u.age IS NOT NULL AND u.traffic_source IS NOT NULL
),
-- The table has no rule, so the options say who counts as a person and how many are enough.
found AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 50, privacy_unit_column = hashed_email)
    traffic_source,
    age_band,
    COUNTIF(is_seed) AS seeds,
    COUNTIF(NOT is_seed) AS lookalikes
  FROM customers
  GROUP BY traffic_source, age_band
),
-- A number that only the merchant can compute, from the prices of 1,000 items sold and every row of the list. A plain sum could be guessed. The
-- same list has the same number, and so the same answer. If one row changes, all figures are rounded at other points.
secret AS (
  SELECT CAST(BIT_XOR(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(CAST(id AS STRING), ' ', CAST(CAST(ROUND(sale_price * 100) AS INT64) AS STRING)))), 1, 15)) AS INT64)) AS STRING) AS salt
  FROM (SELECT id, sale_price FROM merchant.order_items ORDER BY id LIMIT 1000) AS first_items
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
  FROM (SELECT COUNTIF(is_seed) AS seeds, COUNTIF(NOT is_seed) AS others FROM customers) AS counted
  CROSS JOIN list
),
seeded AS (
  SELECT
    f.traffic_source,
    f.age_band,
    f.seeds,
    f.lookalikes,
    10 * DIV(totals.seeds + CAST(SUBSTR(totals.digits, 1, 1) AS INT64), 10) AS all_seeds,
    10 * DIV(totals.others + CAST(SUBSTR(totals.digits, 2, 1) AS INT64), 10) AS all_others,
    -- The digits of a hash serve as random digits.
    REGEXP_REPLACE(TO_HEX(MD5(CONCAT(list.salt, CAST(list.seed AS STRING), f.traffic_source, f.age_band))), '[^0-9]', '') AS digits
  FROM found AS f
  CROSS JOIN list
  CROSS JOIN totals
),
rounded AS (
  SELECT
    traffic_source,
    age_band,
    10 * DIV(seeds + CAST(SUBSTR(digits, 1, 1) AS INT64), 10) AS seeds,
    10 * DIV(lookalikes + CAST(SUBSTR(digits, 2, 1) AS INT64), 10) AS lookalikes,
    all_seeds,
    all_others
  FROM seeded
)
-- Whether a group appears depends only on rounded counts, so that it reveals nothing more.
SELECT
  traffic_source,
  age_band,
  seeds,
  lookalikes,
  ROUND((seeds / all_seeds) / (lookalikes / all_others), 2) AS lift
FROM rounded
WHERE all_seeds >= 500 AND seeds >= 60 AND lookalikes >= 60
