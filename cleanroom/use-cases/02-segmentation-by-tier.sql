-- Segmentation by account tier
-- The merchant asks: how much do customers in each of the wallet's tiers spend with us, and does a higher tier deserve its own campaign?
-- as merchant
-- Gross spend has all orders; kept spend leaves out those that were cancelled or returned.
SELECT WITH AGGREGATION_THRESHOLD
  p.account_tier,
  COUNT(DISTINCT p.hashed_email) AS customers,
  ROUND(COUNT(DISTINCT o.order_id) / NULLIF(COUNT(DISTINCT p.hashed_email), 0), 2) AS orders_per_customer,
  ROUND(SUM(CAST(i.sale_price AS NUMERIC)) / NULLIF(COUNT(DISTINCT o.order_id), 0), 2) AS usd_per_order,
  ROUND(SUM(CAST(i.sale_price AS NUMERIC)) / NULLIF(COUNT(DISTINCT p.hashed_email), 0), 2) AS gross_usd_per_customer,
  ROUND(
    SUM(IF(o.status IN ('Cancelled', 'Returned'), 0, CAST(i.sale_price AS NUMERIC))) / NULLIF(COUNT(DISTINCT p.hashed_email), 0), 2
  ) AS kept_usd_per_customer
FROM merchant.users AS u
JOIN merchant.orders AS o ON o.user_id = u.id
JOIN merchant.order_items AS i ON i.order_id = o.order_id
JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = u.hashed_email
GROUP BY p.account_tier
ORDER BY kept_usd_per_customer, p.account_tier
