-- Transaction verification
-- The merchant asks: do the wallet's payments match our orders in status, amount and time, and what share of our orders do they cover?
-- as merchant
WITH our_orders AS (
  SELECT o.order_id, o.status, o.created_at, u.hashed_email, SUM(i.sale_price) AS amount
  FROM merchant.orders AS o
  JOIN merchant.users AS u ON u.id = o.user_id
  JOIN merchant.order_items AS i ON i.order_id = o.order_id
  GROUP BY o.order_id, o.status, o.created_at, u.hashed_email
),
all_orders AS (
  SELECT status, COUNT(*) AS orders FROM our_orders GROUP BY status
),
-- The list overlap shows only the payments for orders that we name.
paid_orders AS (
  SELECT
    o.status,
    COUNT(DISTINCT o.hashed_email) AS customers,
    COUNT(*) AS payments,
    COUNTIF(t.status = o.status) AS same_status,
    COUNTIF(ABS(t.transaction_amount - o.amount) < 0.01) AS same_amount,
    COUNTIF(t.transaction_timestamp = o.created_at) AS same_time
  FROM our_orders AS o
  JOIN linked_ewallet_provider.transactions_shared AS t ON t.order_id = o.order_id
  GROUP BY o.status
)
SELECT
  p.status,
  a.orders,
  p.payments,
  p.customers,
  ROUND(p.payments / NULLIF(a.orders, 0), 3) AS share_of_orders,
  ROUND(p.same_status / NULLIF(p.payments, 0), 3) AS status_agrees,
  ROUND(p.same_amount / NULLIF(p.payments, 0), 3) AS amount_agrees,
  ROUND(p.same_time / NULLIF(p.payments, 0), 3) AS time_agrees
FROM paid_orders AS p
JOIN all_orders AS a ON a.status = p.status
ORDER BY p.payments DESC, p.status
