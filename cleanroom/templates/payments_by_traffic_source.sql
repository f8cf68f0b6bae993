-- Owner: merchant
-- Question: Which of the merchant's traffic sources brought the people who pay with the wallet, within a window before each payment?
-- Guards: A source appears if at least 60 people paid after it and at least 60 after others, by rounded counts. A person counts up to 500 USD.
--   People are rounded to tens and amounts to 5,000 USD, at points that the whole list decides. The window is one of four. A list with
--   fewer than 500 customers who paid in the window gets no rows.
-- Parameters:
--   payments TABLE<hashed_email STRING, amount NUMERIC, paid_at TIMESTAMP>: the wallet's payments at the merchant, with the payer's hashed address
--   window_days INT64: how many days after a customer's arrival a payment counts as the source's effect: 7, 30, 90 or 365
-- Answer:
--   traffic_source STRING: Search, Organic, Facebook, Email or Display
--   payers INT64: people who came through this source and paid within the window, rounded to tens
--   attributed_usd INT64: what they paid, rounded to 5,000 USD
-- Example:
--   SELECT traffic_source, payers, attributed_usd, ROUND(attributed_usd / payers) AS usd_per_payer
--   FROM linked_merchant.payments_by_traffic_source((
--     SELECT p.hashed_email, CAST(t.transaction_amount AS NUMERIC) AS amount, t.transaction_timestamp AS paid_at
--     FROM ewallet_provider.transactions AS t
--     JOIN ewallet_provider.provider_users AS p ON p.provider_user_id = t.provider_user_id), 90)
--   ORDER BY attributed_usd DESC, traffic_source
WITH listed AS (
  SELECT DISTINCT hashed_email, amount, paid_at
  FROM payments
  WHERE hashed_email IS NOT NULL AND amount IS NOT NULL AND paid_at IS NOT NULL
),
people AS (
  SELECT
    u.hashed_email,
    u.traffic_source,
    LEAST(SUM(LEAST(GREATEST(p.amount, 0), 500)), 500) AS usd
  FROM listed AS p
  JOIN merchant.users AS u ON u.hashed_email = p.hashed_email
  WHERE window_days IN (7, 30, 90, 365)
    AND u.traffic_source IS NOT NULL
    AND u.created_at <= p.paid_at
    AND DIV(TIMESTAMP_DIFF(p.paid_at, u.created_at, HOUR), 24) < window_days
  GROUP BY u.hashed_email, u.traffic_source
),
-- The table has no rule, so the options say who counts as a person and how many are enough.
found AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 50, privacy_unit_column = hashed_email)
    traffic_source,
    COUNT(DISTINCT hashed_email) AS payers,
    SUM(usd) AS usd
  FROM people
  GROUP BY traffic_source
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
    SUM(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(s.salt, TO_HEX(MD5(l.hashed_email)), CAST(l.amount AS STRING), ' ', CAST(UNIX_MICROS(l.paid_at) AS STRING)))), 1, 10)) AS INT64)) AS seed
  FROM listed AS l
  CROSS JOIN secret AS s
),
payers AS (
  SELECT 10 * DIV(people + CAST(SUBSTR(REGEXP_REPLACE(TO_HEX(MD5(CONCAT(CAST(list.seed AS STRING), list.salt))), '[^0-9]', ''), 1, 1) AS INT64), 10) AS people
  FROM (SELECT COUNT(DISTINCT hashed_email) AS people FROM people)
  CROSS JOIN list
),
seeded AS (
  SELECT
    f.traffic_source,
    f.payers,
    f.usd,
    payers.people,
    -- The digits of a hash serve as random digits.
    REGEXP_REPLACE(TO_HEX(MD5(CONCAT(list.salt, CAST(list.seed AS STRING), f.traffic_source, CAST(window_days AS STRING)))), '[^0-9]', '') AS digits
  FROM found AS f
  CROSS JOIN list
  CROSS JOIN payers
),
rounded AS (
  SELECT
    traffic_source,
    10 * DIV(payers + CAST(SUBSTR(digits, 1, 1) AS INT64), 10) AS payers,
    5000 * CAST(FLOOR(usd / 5000 + CAST(SUBSTR(digits, 2, 2) AS INT64) / 100) AS INT64) AS attributed_usd,
    people
  FROM seeded
)
-- Whether a source appears depends only on rounded counts, so that it reveals nothing more.
SELECT traffic_source, payers, attributed_usd
FROM rounded
WHERE people >= 500 AND payers >= 60 AND people - payers >= 60
