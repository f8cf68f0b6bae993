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
ordered AS (
  SELECT o.order_id, o.user_id, o.status, o.created_at, c.payment_method, SUM(CAST(ROUND(i.sale_price * 100) AS INT64)) AS cents
  FROM merchant.orders AS o
  JOIN merchant.order_payments AS c ON c.order_id = o.order_id
  JOIN merchant.order_items AS i ON i.order_id = o.order_id
  GROUP BY o.order_id, o.user_id, o.status, o.created_at, c.payment_method
),
compared AS (
  SELECT
    -- A payment for an order that does not exist has no customer, and counts as one person.
    COALESCE(CONCAT('customer ', CAST(o.user_id AS STRING)), CONCAT('order ', CAST(l.order_id AS STRING))) AS person,
    LEAST(GREATEST(CAST(l.cents AS NUMERIC) / 100, 0), 500) AS usd,
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
found AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 20, privacy_unit_column = person)
    finding,
    COUNT(*) AS orders,
    COUNT(DISTINCT person) AS people,
    SUM(usd) AS usd
  FROM compared
  GROUP BY finding
),
-- A number that only the merchant can compute, from the prices of 1,000 items sold and every row of the list. A plain sum could be guessed. The
-- same list has the same number, and so the same answer. If one row changes, all figures are rounded at other points. Each text is hashed by
-- itself: joined as they are, 'ab' and 'c' would be the same row as 'a' and 'bc'.
secret AS (
  SELECT CAST(BIT_XOR(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(CAST(id AS STRING), ' ', CAST(CAST(ROUND(sale_price * 100) AS INT64) AS STRING)))), 1, 15)) AS INT64)) AS STRING) AS salt
  FROM (SELECT id, sale_price FROM merchant.order_items ORDER BY id LIMIT 1000) AS first_items
),
list AS (
  SELECT
    MIN(s.salt) AS salt,
    SUM(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(s.salt, ' ', CAST(l.order_id AS STRING), ' ', CAST(l.payments AS STRING), ' ', CAST(l.cents AS STRING), ' ', TO_HEX(MD5(COALESCE(l.status, ''))), COALESCE(CAST(UNIX_MICROS(l.paid_at) AS STRING), '')))), 1, 10)) AS INT64)) AS seed
  FROM listed AS l
  CROSS JOIN secret AS s
),
matches AS (
  SELECT 10 * DIV(orders + CAST(SUBSTR(REGEXP_REPLACE(TO_HEX(MD5(CONCAT(CAST(list.seed AS STRING), list.salt))), '[^0-9]', ''), 1, 1) AS INT64), 10) AS orders
  FROM (SELECT COUNTIF(is_known) AS orders FROM compared)
  CROSS JOIN list
),
seeded AS (
  SELECT
    f.finding,
    f.orders,
    f.people,
    f.usd,
    -- The digits of a hash serve as random digits.
    REGEXP_REPLACE(TO_HEX(MD5(CONCAT(list.salt, CAST(list.seed AS STRING), f.finding))), '[^0-9]', '') AS digits
  FROM found AS f
  CROSS JOIN list
)
-- Whether a finding appears depends only on rounded counts, so that it reveals nothing more.
SELECT
  finding,
  10 * DIV(orders + CAST(SUBSTR(digits, 1, 1) AS INT64), 10) AS orders,
  5000 * CAST(FLOOR(usd / 5000 + CAST(SUBSTR(digits, 2, 2) AS INT64) / 100) AS INT64) AS usd_paid
FROM seeded
WHERE 10 * DIV(people + CAST(SUBSTR(digits, 4, 1) AS INT64), 10) >= 30 AND (SELECT orders FROM matches) >= 1000
