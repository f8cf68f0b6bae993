-- Segmentation by account tier
-- The merchant asks: how much do customers in each of the wallet's tiers spend with us, and does a higher tier deserve its own campaign?
-- as merchant
SELECT WITH AGGREGATION_THRESHOLD
  p.account_tier,
  COUNT(DISTINCT p.hashed_email) AS customers,
  COUNT(DISTINCT o.order_id) AS orders,
  ROUND(COUNT(DISTINCT o.order_id) / NULLIF(COUNT(DISTINCT p.hashed_email), 0), 2) AS orders_per_customer,
  ROUND(SUM(i.sale_price) / NULLIF(COUNT(DISTINCT o.order_id), 0), 2) AS average_order,
  ROUND(SUM(i.sale_price) / NULLIF(COUNT(DISTINCT p.hashed_email), 0), 2) AS spend_per_customer
FROM merchant.users AS u
JOIN merchant.orders AS o ON o.user_id = u.id
JOIN merchant.order_items AS i ON i.order_id = o.order_id
JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = u.hashed_email
GROUP BY p.account_tier
ORDER BY spend_per_customer, p.account_tier
