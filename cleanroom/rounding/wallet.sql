-- A number that only the wallet can compute, from the payment volumes of 1,000 users.
secret AS (
  SELECT BIT_XOR(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(TO_JSON_STRING(r))), 1, 15)) AS INT64)) AS number
  FROM (
    SELECT provider_user_id, CAST(ROUND(payment_volume * 100) AS INT64) AS cents
    FROM (SELECT provider_user_id, payment_volume FROM ewallet_provider.provider_users ORDER BY provider_user_id LIMIT 1000)
  ) AS r
),
