-- Too few to tell
-- The merchant asks: what share of our customers in each country has a wallet, and where are there too few to tell?
-- as merchant
WITH ours AS (
  SELECT country, COUNT(DISTINCT hashed_email) AS customers
  FROM merchant.users
  GROUP BY country
),
shared AS (
  SELECT WITH AGGREGATION_THRESHOLD u.country, COUNT(DISTINCT p.hashed_email) AS customers
  FROM merchant.users AS u
  JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = u.hashed_email
  GROUP BY u.country
)
-- A country without a shared row has fewer such customers than the wallet's threshold, or none.
SELECT
  ours.country,
  ours.customers,
  shared.customers AS with_wallet,
  ROUND(shared.customers / NULLIF(ours.customers, 0), 3) AS share_with_wallet
FROM ours
LEFT JOIN shared ON shared.country = ours.country
ORDER BY ours.customers DESC, ours.country
