-- Transaction verification
-- The merchant asks: do the wallet's payments match the orders that our checkout sent to it, and what is wrong with those that do not?
-- as merchant
WITH our_orders AS (
  SELECT o.order_id, o.status, o.created_at, ROUND(SUM(i.sale_price), 2) AS amount
  FROM merchant.orders AS o
  JOIN merchant.order_payments AS c ON c.order_id = o.order_id
  JOIN merchant.order_items AS i ON i.order_id = o.order_id
  WHERE c.payment_method = 'E-wallet'
  GROUP BY o.order_id, o.status, o.created_at
),
-- The list overlap shows the payments for orders that we name, row by row.
found AS (
  SELECT
    o.order_id,
    COUNT(*) AS payments,
    ROUND(SUM(t.transaction_amount), 2) AS paid,
    LOGICAL_AND(t.status = o.status OR (t.status IS NULL AND o.status IS NULL)) AS same_status,
    LOGICAL_AND(t.transaction_timestamp = o.created_at OR o.created_at IS NULL) AS same_time
  FROM our_orders AS o
  JOIN linked_ewallet_provider.transactions_shared AS t ON t.order_id = o.order_id
  GROUP BY o.order_id
),
compared AS (
  SELECT
    o.order_id,
    o.amount,
    COALESCE(f.paid, 0) AS paid,
    CASE
      WHEN f.order_id IS NULL THEN 'missing'
      WHEN f.payments > 1 THEN 'paid twice'
      WHEN ABS(f.paid - o.amount) >= 0.005 THEN 'other amount'
      WHEN NOT f.same_status THEN 'other status'
      WHEN NOT f.same_time THEN 'late'
      ELSE 'agrees'
    END AS finding
  FROM our_orders AS o
  LEFT JOIN found AS f ON f.order_id = o.order_id
)
SELECT
  finding,
  COUNT(*) AS orders,
  ROUND(COUNT(*) / NULLIF((SELECT COUNT(*) FROM our_orders), 0), 4) AS share_of_orders,
  SUM(CAST(ROUND(amount, 2) AS NUMERIC)) AS usd_ordered,
  SUM(CAST(ROUND(paid, 2) AS NUMERIC)) AS usd_paid
FROM compared
GROUP BY finding
ORDER BY orders DESC, finding
