-- Overlap
-- The merchant asks: how many of our customers have a wallet, and how many of these have never paid us with it?
-- as merchant
WITH ours AS (
  SELECT
    COUNT(DISTINCT u.hashed_email) AS customers,
    COUNT(DISTINCT IF(c.payment_method = 'E-wallet', u.hashed_email, NULL)) AS paid_with_it
  FROM merchant.users AS u
  LEFT JOIN merchant.orders AS o ON o.user_id = u.id
  LEFT JOIN merchant.order_payments AS c ON c.order_id = o.order_id
),
-- With fewer customers than the wallet's threshold, this would return no row.
shared AS (
  SELECT WITH AGGREGATION_THRESHOLD COUNT(DISTINCT p.hashed_email) AS customers
  FROM merchant.users AS u
  JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = u.hashed_email
)
SELECT
  ours.customers,
  shared.customers AS with_wallet,
  ours.paid_with_it,
  ROUND(shared.customers / NULLIF(ours.customers, 0), 3) AS share_with_wallet,
  ROUND((shared.customers - ours.paid_with_it) / NULLIF(shared.customers, 0), 3) AS share_never_used_here
FROM ours
CROSS JOIN shared
