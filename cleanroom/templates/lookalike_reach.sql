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
sizes AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 50, privacy_unit_column = hashed_email)
    account_tier,
    birth_decade,
    COUNTIF(is_seed) AS seeds,
    COUNTIF(NOT is_seed) AS lookalikes
  FROM users
  GROUP BY account_tier, birth_decade
),
found AS (
  SELECT s.*, a.all_seeds, a.all_others
  FROM sizes AS s
  CROSS JOIN (SELECT COUNTIF(is_seed) AS all_seeds, COUNTIF(NOT is_seed) AS all_others FROM users) AS a
),
-- Include: points by account_tier, birth_decade
rounded AS (
  SELECT
    account_tier,
    birth_decade,
    10 * CAST(FLOOR(seeds / 10 + point_1) AS INT64) AS seeds,
    10 * CAST(FLOOR(lookalikes / 10 + point_2) AS INT64) AS lookalikes,
    10 * CAST(FLOOR(all_seeds / 10 + list_point_1) AS INT64) AS all_seeds,
    10 * CAST(FLOOR(all_others / 10 + list_point_2) AS INT64) AS all_others
  FROM points
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
