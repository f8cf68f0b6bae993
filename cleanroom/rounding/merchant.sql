-- A number that only the merchant can compute, from the prices of 1,000 items sold.
secret AS (
  SELECT BIT_XOR(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(TO_JSON_STRING(r))), 1, 15)) AS INT64)) AS number
  FROM (
    SELECT id, CAST(ROUND(sale_price * 100) AS INT64) AS cents
    FROM (SELECT id, sale_price FROM merchant.order_items ORDER BY id LIMIT 1000)
  ) AS r
),
