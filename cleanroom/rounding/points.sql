-- The clause "points" has the rows of "found" with numbers from 0 to 0.999, to add before a figure is rounded down. Those in point_1 to point_3
-- differ from row to row. Those in list_point_1 and list_point_2 are for totals, and are the same in all rows: several roundings would reveal a
-- total. All follow from a secret, the template and every row of "listed", in any order. The same list has the same answer. If one row changes,
-- all figures are rounded at other points, and the caller cannot tell at which.
list AS (
  -- The template's name, since two templates that round one list at the same points would reveal how their figures differ.
  SELECT CONCAT('TEMPLATE ', MIN(secret), ' ', CAST(SUM(number) AS STRING)) AS seed
  FROM (
    -- As JSON, 'ab' and 'c' are another row than 'a' and 'bc'. Nine digits, so that the sum of 100 million rows is an INT64.
    SELECT secret, CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(TO_JSON_STRING(r))), 1, 9)) AS INT64) AS number
    FROM (SELECT CAST(s.number AS STRING) AS secret, l.* FROM secret AS s CROSS JOIN listed AS l) AS r
  )
  -- A row without a number would count and not move the points: on a laptop, one of more than 4 KB. Such a list has no answer.
  HAVING COUNT(number) = COUNT(*)
),
points AS (
  SELECT
    *,
    MOD(own, 1000) / 1000 AS point_1,
    MOD(DIV(own, 1000), 1000) / 1000 AS point_2,
    MOD(DIV(own, 1000000), 1000) / 1000 AS point_3,
    MOD(common, 1000) / 1000 AS list_point_1,
    MOD(DIV(common, 1000), 1000) / 1000 AS list_point_2
  FROM (
    SELECT
      f.*,
      CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(list.seed)), 1, 15)) AS INT64) AS common,
      CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CONCAT(list.seed, TO_JSON_STRING(STRUCT(KEY))))), 1, 15)) AS INT64) AS own
    FROM found AS f
    CROSS JOIN list
  )
),
