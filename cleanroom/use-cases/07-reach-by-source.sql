-- Reach by source
-- The e-wallet asks: which of the merchant's traffic sources bring users who pay for a tier, and how much do they spend there?
-- as wallet
SELECT WITH AGGREGATION_THRESHOLD
  s.traffic_source,
  COUNT(DISTINCT s.hashed_email) AS wallet_users,
  ROUND(COUNTIF(p.account_tier <> 'Free') / NULLIF(COUNT(*), 0), 3) AS on_paying_tier,
  ROUND(AVG(s.orders), 2) AS orders_per_user,
  ROUND(AVG(s.gross_spend), 2) AS gross_usd_per_user,
  ROUND(AVG(s.kept_spend), 2) AS kept_usd_per_user
FROM ewallet_provider.provider_users AS p
JOIN linked_merchant.customer_segments_shared AS s ON s.hashed_email = p.hashed_email
GROUP BY s.traffic_source
ORDER BY wallet_users DESC, s.traffic_source
