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
sizes AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 50, privacy_unit_column = hashed_email)
    traffic_source,
    age_band,
    COUNTIF(is_seed) AS seeds,
    COUNTIF(NOT is_seed) AS lookalikes
  FROM customers
  GROUP BY traffic_source, age_band
),
found AS (
  SELECT s.*, a.all_seeds, a.all_others
  FROM sizes AS s
  CROSS JOIN (SELECT COUNTIF(is_seed) AS all_seeds, COUNTIF(NOT is_seed) AS all_others FROM customers) AS a
),
-- Include: points by traffic_source, age_band
rounded AS (
  SELECT
    traffic_source,
    age_band,
    10 * CAST(FLOOR(seeds / 10 + point_1) AS INT64) AS seeds,
    10 * CAST(FLOOR(lookalikes / 10 + point_2) AS INT64) AS lookalikes,
    10 * CAST(FLOOR(all_seeds / 10 + list_point_1) AS INT64) AS all_seeds,
    10 * CAST(FLOOR(all_others / 10 + list_point_2) AS INT64) AS all_others
  FROM points
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
