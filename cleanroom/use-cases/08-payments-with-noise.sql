-- Payments with noise
-- The merchant asks: how many of the wallet's payments have each status, and how much do its users pay on average?
-- as merchant
-- The rule allows no join and needs no threshold: noise hides each user, and every run spends part of the wallet's privacy budget.
WITH noisy AS (
  SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS (max_groups_contributed = 3)
    status,
    COUNT(*, contribution_bounds_per_group => (0, 3)) AS payments,
    AVG(transaction_amount, contribution_bounds_per_group => (0, 300)) AS average_usd
  FROM linked_ewallet_provider.transactions_private
  GROUP BY status
)
SELECT status, payments, ROUND(average_usd, 2) AS average_usd
FROM noisy
ORDER BY payments DESC, status
