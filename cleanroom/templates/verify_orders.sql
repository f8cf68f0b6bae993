-- Owner: merchant
-- Question: Do the merchant's orders agree with the payments that the wallet made for them, and how do those that disagree differ?
-- Guards: A finding appears if at least 30 people have such an order, by a rounded count. An order counts up to 500 USD. Counts are rounded to
--   tens and amounts to 5,000 USD, at points that the whole list decides. An order with two payments is counted as such and compared no
--   further. A list with payments for fewer than 1,000 orders gets no rows. The answer names no order.
-- Parameters:
--   payments TABLE<order_id INT64, amount FLOAT64, status STRING, paid_at TIMESTAMP>: the wallet's payments, one row per payment
-- Answer:
--   finding STRING: agrees, no such order, not paid with the wallet, paid twice, other amount, other status or late; the first of these that fits
--   orders INT64: orders with this finding, rounded to tens
--   usd_paid INT64: what the wallet paid for them, rounded to 5,000 USD
-- Example:
--   SELECT finding, orders, ROUND(orders / SUM(orders) OVER (), 4) AS share_of_orders, usd_paid
--   FROM linked_merchant.verify_orders((
--     SELECT order_id, transaction_amount AS amount, status, transaction_timestamp AS paid_at
--     FROM ewallet_provider.transactions))
--   ORDER BY orders DESC, finding
WITH listed AS (
  SELECT
    p.order_id,
    COUNT(*) AS payments,
    SUM(CAST(ROUND(p.amount * 100) AS INT64)) AS cents,
    MIN(p.status) AS status,
    MIN(p.paid_at) AS paid_at
  FROM payments AS p
  -- Nobody pays a billion, and larger numbers have no cents.
  WHERE p.order_id IS NOT NULL AND ABS(p.amount) < 1e9
  GROUP BY p.order_id
),
amounts AS (
  SELECT order_id, SUM(CAST(ROUND(sale_price * 100) AS INT64)) AS cents
  FROM merchant.order_items
  GROUP BY order_id
),
ordered AS (
  SELECT o.order_id, o.user_id, o.status, o.created_at, c.payment_method, a.cents
  FROM merchant.orders AS o
  JOIN merchant.order_payments AS c ON c.order_id = o.order_id
  JOIN amounts AS a ON a.order_id = o.order_id
),
compared AS (
  SELECT
    -- A payment for an order that does not exist has no customer, and counts as one person.
    COALESCE(CONCAT('customer ', CAST(o.user_id AS STRING)), CONCAT('order ', CAST(l.order_id AS STRING))) AS person,
    LEAST(GREATEST(l.cents, 0), 50000) AS cents,
    o.order_id IS NOT NULL AS is_known,
    CASE
      WHEN o.order_id IS NULL THEN 'no such order'
      WHEN o.payment_method <> 'E-wallet' THEN 'not paid with the wallet'
      WHEN l.payments > 1 THEN 'paid twice'
      WHEN l.cents <> o.cents THEN 'other amount'
      WHEN COALESCE(l.status, '') <> COALESCE(o.status, '') THEN 'other status'
      WHEN l.paid_at <> o.created_at THEN 'late'
      ELSE 'agrees'
    END AS finding
  FROM listed AS l
  LEFT JOIN ordered AS o ON o.order_id = l.order_id
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
  SELECT f.*, (SELECT COUNTIF(is_known) FROM compared) AS known
  FROM findings AS f
),
-- Include: points by finding
rounded AS (
  SELECT
    finding,
    10 * CAST(FLOOR(orders / 10 + point_1) AS INT64) AS orders,
    5000 * CAST(FLOOR(cents / 500000 + point_2) AS INT64) AS usd_paid,
    10 * CAST(FLOOR(people / 10 + point_3) AS INT64) AS people,
    10 * CAST(FLOOR(known / 10 + list_point_1) AS INT64) AS known
  FROM points
)
-- Whether a finding appears depends only on rounded counts, so that it reveals nothing more.
SELECT finding, orders, usd_paid
FROM rounded
WHERE people >= 30 AND known >= 1000
