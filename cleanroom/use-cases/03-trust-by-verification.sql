-- Trust by verification
-- The merchant asks: do customers whose identity the wallet has verified cancel and return fewer of the orders they pay with it?
-- as merchant
-- An order that was paid twice counts once.
SELECT WITH AGGREGATION_THRESHOLD
  p.is_verified_user,
  COUNT(DISTINCT p.hashed_email) AS customers,
  COUNT(DISTINCT o.order_id) AS orders,
  ROUND(COUNT(DISTINCT IF(o.status = 'Cancelled', o.order_id, NULL)) / NULLIF(COUNT(DISTINCT o.order_id), 0), 3) AS cancelled,
  ROUND(COUNT(DISTINCT IF(o.status = 'Returned', o.order_id, NULL)) / NULLIF(COUNT(DISTINCT o.order_id), 0), 3) AS returned,
  ROUND(
    COUNT(DISTINCT IF(o.status IN ('Cancelled', 'Returned'), o.order_id, NULL)) / NULLIF(COUNT(DISTINCT o.order_id), 0), 3
  ) AS cancelled_or_returned
FROM merchant.users AS u
JOIN merchant.orders AS o ON o.user_id = u.id
JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = u.hashed_email
JOIN linked_ewallet_provider.transactions_shared AS t ON t.order_id = o.order_id
GROUP BY p.is_verified_user
ORDER BY p.is_verified_user
