-- Owner: wallet
-- Question: After which of the merchant's traffic sources did customers pay, by the last touch within a window before each payment?
-- Guards: A source appears if at least 60 people paid after it and at least 60 only after others, by rounded counts. A person counts up to
--   500 USD a source. People are rounded to tens and amounts to 5,000 USD, at points that the whole list decides. The window is one of
--   four. A list with fewer than 500 people who paid, or with more than 50 sources, gets no rows.
-- Parameters:
--   touches TABLE<hashed_email STRING, traffic_source STRING, touched_at TIMESTAMP>: when and through which source each customer came to the merchant, one row per visit
--   window_days INT64: how many days after a touch a payment counts as its effect: 7, 30, 90 or 365
-- Answer:
--   traffic_source STRING: the source, as the merchant named it
--   payers INT64: people with a payment whose last touch was this source, rounded to tens
--   attributed_usd INT64: what they paid, without cancelled and returned orders, rounded to 5,000 USD
-- Example:
--   SELECT traffic_source, payers, attributed_usd, ROUND(attributed_usd / payers) AS usd_per_payer
--   FROM linked_ewallet_provider.last_touch_attribution(
--     (SELECT hashed_email, traffic_source, created_at AS touched_at FROM merchant.users), 90)
--   ORDER BY attributed_usd DESC, traffic_source
WITH touched AS (
  SELECT DISTINCT hashed_email, traffic_source, touched_at
  FROM touches
  WHERE hashed_email IS NOT NULL AND traffic_source IS NOT NULL AND touched_at IS NOT NULL
),
payments AS (
  SELECT
    p.hashed_email,
    t.transaction_id,
    t.transaction_timestamp AS paid_at,
    CAST(t.transaction_amount AS NUMERIC) AS usd
  FROM ewallet_provider.transactions AS t
  JOIN ewallet_provider.provider_users AS p ON p.provider_user_id = t.provider_user_id
  WHERE t.status NOT IN ('Cancelled', 'Returned')
),
-- Each payment has one source. If two touches have the same time, either may win.
attributed AS (
  SELECT
    p.hashed_email,
    p.transaction_id,
    MIN(p.usd) AS usd,
    ANY_VALUE(t.traffic_source HAVING MAX t.touched_at) AS traffic_source
  FROM payments AS p
  JOIN touched AS t ON t.hashed_email = p.hashed_email
  WHERE window_days IN (7, 30, 90, 365)
    AND t.touched_at <= p.paid_at
    AND DIV(TIMESTAMP_DIFF(p.paid_at, t.touched_at, HOUR), 24) < window_days
  GROUP BY p.hashed_email, p.transaction_id
),
people AS (
  SELECT hashed_email, traffic_source, LEAST(SUM(usd), 500) AS usd
  FROM attributed
  GROUP BY hashed_email, traffic_source
),
-- The tables have no rule, so the options say who counts as a person and how many are enough.
found AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 50, privacy_unit_column = hashed_email)
    traffic_source,
    COUNT(DISTINCT hashed_email) AS payers,
    SUM(usd) AS usd
  FROM people
  GROUP BY traffic_source
),
-- A number that only the wallet can compute, from the payment volumes of 1,000 users and every row of the list. A plain sum could be guessed. The
-- same list has the same number, and so the same answer. If one row changes, all figures are rounded at other points. Each text is hashed by
-- itself: joined as they are, 'ab' and 'c' would be the same row as 'a' and 'bc'.
secret AS (
  SELECT CAST(BIT_XOR(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(CAST(provider_user_id AS STRING), ' ', CAST(CAST(ROUND(payment_volume * 100) AS INT64) AS STRING)))), 1, 15)) AS INT64)) AS STRING) AS salt
  FROM (SELECT provider_user_id, payment_volume FROM ewallet_provider.provider_users ORDER BY provider_user_id LIMIT 1000) AS first_users
),
list AS (
  SELECT
    MIN(s.salt) AS salt,
    SUM(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(s.salt, TO_HEX(MD5(l.hashed_email)), TO_HEX(MD5(l.traffic_source)), CAST(UNIX_MICROS(l.touched_at) AS STRING)))), 1, 10)) AS INT64)) AS seed
  FROM touched AS l
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
  WHERE (SELECT COUNT(DISTINCT traffic_source) FROM touched) <= 50
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
