-- Reach by source
-- The e-wallet asks: which traffic sources bring users of each tier to the merchant, and how much do they spend there?
-- as wallet
SELECT WITH AGGREGATION_THRESHOLD
  s.traffic_source,
  p.account_tier,
  COUNT(DISTINCT s.hashed_email) AS wallet_users,
  ROUND(AVG(s.orders), 2) AS orders_per_user,
  ROUND(AVG(s.spend), 2) AS spend_per_user
FROM ewallet_provider.provider_users AS p
JOIN linked_merchant.customer_segments_shared AS s ON s.hashed_email = p.hashed_email
GROUP BY s.traffic_source, p.account_tier
ORDER BY wallet_users DESC, s.traffic_source, p.account_tier
