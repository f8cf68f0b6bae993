-- Spend by birth decade and tier
-- The merchant asks: how much do our customers spend by birth decade and account tier, which only the wallet knows?
-- as merchant
-- BigQuery silently suppresses groups with fewer customers than the wallet's threshold.
SELECT WITH AGGREGATION_THRESHOLD
  p.birth_decade,
  p.account_tier,
  COUNT(DISTINCT p.hashed_email) AS customers,
  ROUND(SUM(CAST(i.sale_price AS NUMERIC)) / NULLIF(COUNT(DISTINCT p.hashed_email), 0), 2) AS gross_usd_per_customer,
  ROUND(
    SUM(IF(o.status IN ('Cancelled', 'Returned'), 0, CAST(i.sale_price AS NUMERIC))) / NULLIF(COUNT(DISTINCT p.hashed_email), 0), 2
  ) AS kept_usd_per_customer
FROM merchant.users AS u
JOIN merchant.orders AS o ON o.user_id = u.id
JOIN merchant.order_items AS i ON i.order_id = o.order_id
JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = u.hashed_email
GROUP BY p.birth_decade, p.account_tier
ORDER BY p.birth_decade, kept_usd_per_customer, p.account_tier
