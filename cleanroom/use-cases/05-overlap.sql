-- Overlap
-- The merchant asks: how many of our customers have a wallet, as a share of all customers and of those who have ordered?
-- as merchant
WITH ours AS (
  SELECT COUNT(DISTINCT u.hashed_email) AS customers, COUNT(DISTINCT IF(o.user_id IS NULL, NULL, u.hashed_email)) AS buyers
  FROM merchant.users AS u
  LEFT JOIN merchant.orders AS o ON o.user_id = u.id
),
-- With fewer customers than the wallet's threshold, this would return no row.
shared AS (
  SELECT WITH AGGREGATION_THRESHOLD COUNT(DISTINCT p.hashed_email) AS customers
  FROM merchant.users AS u
  JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = u.hashed_email
)
SELECT
  ours.customers,
  ours.buyers,
  shared.customers AS with_wallet,
  ROUND(shared.customers / NULLIF(ours.customers, 0), 3) AS share_of_customers,
  ROUND(shared.customers / NULLIF(ours.buyers, 0), 3) AS share_of_buyers
FROM ours
CROSS JOIN shared
