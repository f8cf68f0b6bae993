-- Payments with noise
-- The merchant asks: how many of the wallet's payments have each status, and how much do its users pay on average?
-- as merchant
-- The rule allows no join and needs no threshold: noise hides each user, and every run spends part of the wallet's privacy budget.
-- Bounds keep the noise small, and lower the figures a little: a user counts in three statuses at most, with three payments in each, and
-- an average above 500 USD counts as 500.
WITH noisy AS (
  SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS (max_groups_contributed = 3)
    status,
    COUNT(*, contribution_bounds_per_group => (0, 3)) AS payments,
    AVG(transaction_amount, contribution_bounds_per_group => (0, 500)) AS average_usd
  FROM linked_ewallet_provider.transactions_private
  GROUP BY status
)
SELECT status, payments, ROUND(average_usd, 2) AS average_usd
FROM noisy
ORDER BY payments DESC, status
