-- Wallet enrichment
-- The e-wallet asks: who are our users by age, gender and country, which only the merchant knows, and where are the paying tiers?
WITH enriched AS (
  SELECT
    p.hashed_email,
    p.account_tier,
    p.is_verified_user,
    CASE
      WHEN u.age IS NULL THEN 'unknown'
      WHEN u.age < 25 THEN '18 to 24'
      WHEN u.age < 35 THEN '25 to 34'
      WHEN u.age < 45 THEN '35 to 44'
      WHEN u.age < 55 THEN '45 to 54'
      WHEN u.age < 65 THEN '55 to 64'
      ELSE '65 and older'
    END AS age_band,
    COALESCE(u.gender, 'unknown') AS gender,
    COALESCE(u.country, 'unknown') AS country
  FROM ewallet_provider.provider_users AS p
  JOIN merchant.users AS u ON u.hashed_email = p.hashed_email
),
answers AS (
  SELECT
    1 AS place, 'age' AS attribute, age_band AS attribute_value,
    COUNT(DISTINCT hashed_email) AS wallet_users,
    COUNTIF(account_tier <> 'Free') / NULLIF(COUNT(*), 0) AS on_paying_tier,
    COUNTIF(is_verified_user) / NULLIF(COUNT(*), 0) AS verified
  FROM enriched
  GROUP BY age_band
  UNION ALL
  SELECT
    2, 'gender', gender,
    COUNT(DISTINCT hashed_email),
    COUNTIF(account_tier <> 'Free') / NULLIF(COUNT(*), 0),
    COUNTIF(is_verified_user) / NULLIF(COUNT(*), 0)
  FROM enriched
  GROUP BY gender
  UNION ALL
  SELECT
    3, 'country', country,
    COUNT(DISTINCT hashed_email),
    COUNTIF(account_tier <> 'Free') / NULLIF(COUNT(*), 0),
    COUNTIF(is_verified_user) / NULLIF(COUNT(*), 0)
  FROM enriched
  GROUP BY country
)
SELECT attribute, attribute_value, wallet_users, ROUND(on_paying_tier, 3) AS on_paying_tier, ROUND(verified, 3) AS verified
FROM answers
ORDER BY place, CASE WHEN attribute = 'age' THEN 0 ELSE -wallet_users END, attribute_value
