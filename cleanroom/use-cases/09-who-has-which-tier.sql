-- Who has which tier
-- The merchant asks: which tier does each of our customers have?
-- as merchant
-- refused: aggregation threshold
-- The wallet shares figures about groups of its users, never about single users.
SELECT u.id, p.account_tier
FROM merchant.users AS u
JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = u.hashed_email
ORDER BY u.id
