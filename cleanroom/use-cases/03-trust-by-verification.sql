-- Trust by verification
-- The merchant asks: do customers whose identity the wallet has verified cancel and return less of what they pay with it?
SELECT
  p.is_verified_user,
  COUNT(DISTINCT u.hashed_email) AS customers,
  COUNT(*) AS orders,
  ROUND(COUNTIF(o.status = 'Cancelled') / NULLIF(COUNT(*), 0), 3) AS cancelled,
  ROUND(COUNTIF(o.status = 'Returned') / NULLIF(COUNT(*), 0), 3) AS returned,
  ROUND(COUNTIF(o.status IN ('Cancelled', 'Returned')) / NULLIF(COUNT(*), 0), 3) AS cancelled_or_returned
FROM merchant.users AS u
JOIN merchant.orders AS o ON o.user_id = u.id
JOIN ewallet_provider.provider_users AS p ON p.hashed_email = u.hashed_email
JOIN ewallet_provider.transactions AS t ON t.order_id = o.order_id
GROUP BY p.is_verified_user
ORDER BY p.is_verified_user
