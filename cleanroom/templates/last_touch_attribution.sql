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
WITH listed AS (
  -- One source at a time, so that each payment has one. If either could win, the same list would have several answers.
  SELECT hashed_email, MIN(traffic_source) AS traffic_source, touched_at, window_days AS days
  FROM touches
  WHERE hashed_email IS NOT NULL AND traffic_source IS NOT NULL AND touched_at IS NOT NULL
  GROUP BY hashed_email, touched_at
),
-- In cents, because sums of whole numbers are exact and fast.
payments AS (
  SELECT
    p.hashed_email,
    t.transaction_id,
    t.transaction_timestamp AS paid_at,
    CAST(ROUND(t.transaction_amount * 100) AS INT64) AS cents
  FROM ewallet_provider.transactions AS t
  JOIN ewallet_provider.provider_users AS p ON p.provider_user_id = t.provider_user_id
  WHERE t.status NOT IN ('Cancelled', 'Returned')
),
attributed AS (
  SELECT
    p.hashed_email,
    p.transaction_id,
    MIN(p.cents) AS cents,
    ANY_VALUE(l.traffic_source HAVING MAX l.touched_at) AS traffic_source
  FROM payments AS p
  JOIN listed AS l ON l.hashed_email = p.hashed_email
  WHERE window_days IN (7, 30, 90, 365)
    AND l.touched_at <= p.paid_at
    AND DIV(TIMESTAMP_DIFF(p.paid_at, l.touched_at, HOUR), 24) < window_days
  GROUP BY p.hashed_email, p.transaction_id
),
people AS (
  SELECT hashed_email, traffic_source, LEAST(SUM(cents), 50000) AS cents
  FROM attributed
  GROUP BY hashed_email, traffic_source
),
-- The tables have no rule, so the options say who counts as a person and how many are enough.
sources AS (
  SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 50, privacy_unit_column = hashed_email)
    traffic_source,
    COUNT(DISTINCT hashed_email) AS payers,
    SUM(cents) AS cents
  FROM people
  GROUP BY traffic_source
),
found AS (
  SELECT traffic_source, payers, cents, (SELECT COUNT(DISTINCT hashed_email) FROM people) AS people
  FROM sources
  WHERE (SELECT COUNT(DISTINCT traffic_source) FROM listed) <= 50
),
-- Include: points by traffic_source
rounded AS (
  SELECT
    traffic_source,
    10 * CAST(FLOOR(payers / 10 + point_1) AS INT64) AS payers,
    5000 * CAST(FLOOR(cents / 500000 + point_2) AS INT64) AS attributed_usd,
    10 * CAST(FLOOR(people / 10 + list_point_1) AS INT64) AS people
  FROM points
)
-- Whether a source appears depends only on rounded counts, so that it reveals nothing more.
SELECT traffic_source, payers, attributed_usd
FROM rounded
WHERE people >= 500 AND payers >= 60 AND people - payers >= 60
