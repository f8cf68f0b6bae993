-- Wallet enrichment
-- The e-wallet asks: who of our users pays for a tier, by age, and by gender and country, which only the merchant knows (groups of fewer than 10 count as other)?
-- as wallet
-- The list overlap shows the merchant's customers who are also our users, row by row: no rule hides small groups. So this query
-- sets a threshold of its own.
WITH enriched AS (
  SELECT
    p.account_tier <> 'Free' AS paying,
    p.is_verified_user,
    COALESCE(u.age_band, 'unknown') AS age_band,
    COALESCE(u.gender, 'unknown') AS gender,
    COALESCE(u.country, 'unknown') AS country
  FROM ewallet_provider.provider_users AS p
  JOIN linked_merchant.users_shared AS u ON u.hashed_email = p.hashed_email
),
counted AS (
  SELECT 1 AS place, 'age' AS attribute, age_band AS found, COUNT(*) AS users, COUNTIF(paying) AS paying, COUNTIF(is_verified_user) AS verified
  FROM enriched
  GROUP BY age_band
  UNION ALL
  SELECT 2, 'gender', gender, COUNT(*), COUNTIF(paying), COUNTIF(is_verified_user)
  FROM enriched
  GROUP BY gender
  UNION ALL
  SELECT 3, 'country', country, COUNT(*), COUNTIF(paying), COUNTIF(is_verified_user)
  FROM enriched
  GROUP BY country
),
grouped AS (
  SELECT
    place, attribute, IF(users < 10, 'other', found) AS attribute_value,
    SUM(users) AS users, SUM(paying) AS paying, SUM(verified) AS verified
  FROM counted
  GROUP BY place, attribute, IF(users < 10, 'other', found)
)
SELECT
  attribute,
  attribute_value,
  users AS wallet_users,
  -- The others together can be few as well.
  IF(users < 10, NULL, ROUND(paying / users, 3)) AS on_paying_tier,
  IF(users < 10, NULL, ROUND(verified / users, 3)) AS verified
FROM grouped
ORDER BY place, attribute_value = 'other', CASE WHEN attribute = 'age' THEN 0 ELSE -users END, attribute_value
