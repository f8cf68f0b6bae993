-- Owner: wallet
-- Question: Do the wallet's payments agree with the merchant's orders, and how do those that disagree differ?
-- Guards: A finding appears if at least 30 people have such a payment, by a rounded count. An order counts up to 500 USD. Counts of orders are
--   rounded to tens and amounts to 5,000 USD, at points that the whole list decides. An order listed twice does not count. A list with
--   fewer than 1,000 paid orders gets no rows. The answer names no order.
-- Parameters:
--   orders TABLE<order_id INT64, amount FLOAT64, status STRING, ordered_at TIMESTAMP>: the merchant's orders that its checkout sent to the wallet, one row per order
-- Answer:
--   finding STRING: agrees, missing, paid twice, other amount, other status or late; the first of these that fits
--   orders INT64: orders with this finding, rounded to tens
--   usd_ordered INT64: what the merchant asked for, rounded to 5,000 USD
-- Example:
--   SELECT finding, orders, ROUND(orders / SUM(orders) OVER (), 4) AS share_of_orders, usd_ordered
--   FROM linked_ewallet_provider.verify_payments((
--     SELECT o.order_id, ROUND(SUM(i.sale_price), 2) AS amount, o.status, o.created_at AS ordered_at
--     FROM merchant.orders AS o
--     JOIN merchant.order_payments AS c ON c.order_id = o.order_id AND c.payment_method = 'E-wallet'
--     JOIN merchant.order_items AS i ON i.order_id = o.order_id
--     GROUP BY o.order_id, o.status, o.created_at))
--   ORDER BY orders DESC, finding
WITH listed AS (
  SELECT o.order_id, MIN(CAST(ROUND(o.amount * 100) AS INT64)) AS cents, MIN(o.status) AS status, MIN(o.ordered_at) AS ordered_at
  FROM orders AS o
  -- Nobody orders for a billion, and larger numbers have no cents.
  WHERE o.order_id IS NOT NULL AND ABS(o.amount) < 1e9
  GROUP BY o.order_id
  HAVING COUNT(*) = 1
),
paid AS (
  SELECT
    l.order_id,
    COUNT(*) AS payments,
    MIN(t.provider_user_id) AS provider_user_id,
    SUM(CAST(ROUND(t.transaction_amount * 100) AS INT64)) AS cents,
    LOGICAL_AND(COALESCE(t.status, '') = COALESCE(l.status, '')) AS same_status,
    LOGICAL_AND(t.transaction_timestamp = l.ordered_at OR l.ordered_at IS NULL) AS same_time
  FROM listed AS l
  JOIN ewallet_provider.transactions AS t ON t.order_id = l.order_id
  GROUP BY l.order_id
),
compared AS (
  SELECT
    -- An order without a payment has no payer, and counts as one person.
    COALESCE(CONCAT('payer ', CAST(p.provider_user_id AS STRING)), CONCAT('order ', CAST(l.order_id AS STRING))) AS person,
    l.order_id,
    LEAST(GREATEST(l.cents, 0), 50000) AS cents,
    p.order_id IS NOT NULL AS is_paid,
    CASE
      WHEN p.order_id IS NULL THEN 'missing'
      WHEN p.payments > 1 THEN 'paid twice'
      WHEN p.cents <> l.cents THEN 'other amount'
      WHEN NOT p.same_status THEN 'other status'
      WHEN NOT p.same_time THEN 'late'
      ELSE 'agrees'
    END AS finding
  FROM listed AS l
  LEFT JOIN paid AS p ON p.order_id = l.order_id
),
-- The tables have no rule, so the options say who counts as a person and how many are enough.
findings AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 20, privacy_unit_column = person)
    finding,
    COUNT(*) AS orders,
    COUNT(DISTINCT person) AS people,
    SUM(cents) AS cents
  FROM compared
  GROUP BY finding
),
found AS (
  SELECT f.*, (SELECT COUNTIF(is_paid) FROM compared) AS paid
  FROM findings AS f
),
-- Include: points by finding
rounded AS (
  SELECT
    finding,
    10 * CAST(FLOOR(orders / 10 + point_1) AS INT64) AS orders,
    5000 * CAST(FLOOR(cents / 500000 + point_2) AS INT64) AS usd_ordered,
    10 * CAST(FLOOR(people / 10 + point_3) AS INT64) AS people,
    10 * CAST(FLOOR(paid / 10 + list_point_1) AS INT64) AS paid
  FROM points
)
-- Whether a finding appears depends only on rounded counts, so that it reveals nothing more.
SELECT finding, orders, usd_ordered
FROM rounded
WHERE people >= 30 AND paid >= 1000
