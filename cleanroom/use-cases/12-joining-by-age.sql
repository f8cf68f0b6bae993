-- Joining by age
-- The merchant asks: at what age do our customers have a wallet, so that we know whom to offer it at checkout?
-- as merchant
-- Age bands are those that the merchant shares too; nobody under 18 has a wallet.
WITH banded AS (
  SELECT
    hashed_email,
    CASE
      WHEN age < 25 THEN '18 to 24'
      WHEN age < 35 THEN '25 to 34'
      WHEN age < 45 THEN '35 to 44'
      WHEN age < 55 THEN '45 to 54'
      WHEN age < 65 THEN '55 to 64'
      ELSE '65 and older'
    END AS age_band
  FROM merchant.users
  WHERE age >= 18
),
ours AS (
  SELECT age_band, COUNT(*) AS customers FROM banded GROUP BY age_band
),
shared AS (
  SELECT WITH AGGREGATION_THRESHOLD
    b.age_band,
    COUNT(DISTINCT p.hashed_email) AS customers,
    COUNTIF(p.is_verified_user) AS verified
  FROM banded AS b
  JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = b.hashed_email
  GROUP BY b.age_band
)
SELECT
  ours.age_band,
  ours.customers,
  shared.customers AS with_wallet,
  ROUND(shared.customers / NULLIF(ours.customers, 0), 3) AS share_with_wallet,
  ROUND(shared.verified / NULLIF(shared.customers, 0), 3) AS verified
FROM ours
LEFT JOIN shared ON shared.age_band = ours.age_band
ORDER BY ours.age_band
