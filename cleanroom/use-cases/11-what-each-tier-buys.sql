-- What each tier buys
-- The merchant asks: which categories do customers in each of the wallet's tiers buy, so that we can send each tier suitable offers?
-- as merchant
WITH bought AS (
  SELECT WITH AGGREGATION_THRESHOLD
    c.category,
    p.account_tier,
    COUNT(DISTINCT p.hashed_email) AS customers,
    COUNT(*) AS items,
    SUM(CAST(i.sale_price AS NUMERIC)) AS usd
  FROM merchant.users AS u
  JOIN merchant.orders AS o ON o.user_id = u.id
  JOIN merchant.order_items AS i ON i.order_id = o.order_id
  JOIN merchant.products AS c ON c.id = i.product_id
  JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = u.hashed_email
  GROUP BY c.category, p.account_tier
),
tiers AS (
  SELECT account_tier, SUM(items) AS items FROM bought GROUP BY account_tier
),
-- Of the items that a tier buys, the share in each category.
shares AS (
  SELECT b.category, b.account_tier, b.items, b.usd, b.items / t.items AS share_of_tier
  FROM bought AS b
  JOIN tiers AS t ON t.account_tier = b.account_tier
)
SELECT
  category,
  ROUND(SUM(usd) / SUM(items), 2) AS usd_per_item,
  MAX(IF(account_tier = 'Free', items, NULL)) AS free_items,
  MAX(IF(account_tier = 'Business', items, NULL)) AS business_items,
  ROUND(MAX(IF(account_tier = 'Free', share_of_tier, NULL)), 4) AS share_of_free,
  ROUND(MAX(IF(account_tier = 'Premium', share_of_tier, NULL)), 4) AS share_of_premium,
  ROUND(MAX(IF(account_tier = 'Business', share_of_tier, NULL)), 4) AS share_of_business
FROM shares
GROUP BY category
ORDER BY share_of_business / share_of_free DESC, category
