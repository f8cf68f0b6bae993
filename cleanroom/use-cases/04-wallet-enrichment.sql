-- Wallet enrichment
-- The e-wallet asks: how do our users divide by age, gender and country, which only the merchant knows, and which groups pay for a tier?
-- as wallet
-- The list overlap shows only the merchant's customers who are also our users.
WITH enriched AS (
  SELECT
    p.hashed_email,
    p.account_tier,
    p.is_verified_user,
    COALESCE(u.age_band, 'unknown') AS age_band,
    COALESCE(u.gender, 'unknown') AS gender,
    COALESCE(u.country, 'unknown') AS country
  FROM ewallet_provider.provider_users AS p
  JOIN linked_merchant.users_shared AS u ON u.hashed_email = p.hashed_email
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
