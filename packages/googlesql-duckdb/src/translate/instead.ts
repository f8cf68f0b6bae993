/** Alternatives to functions that the analyser knows and the translation lacks. */
const alternatives: readonly (readonly [functions: RegExp, advice: string])[] = [
  [/^NET[.]PUBLIC_SUFFIX$/, "Write REGEXP_EXTRACT(NET.HOST(url), r'[^.]+$')."],
  [/^NET[.]REG_DOMAIN$/, "Write REGEXP_EXTRACT(NET.HOST(url), r'[^.]+[.][^.]+$')."],
  [/^IFERROR$/, "Write IFNULL(x, y) with SAFE_DIVIDE, SAFE_CAST or another SAFE function in x."],
  [/^ISERROR$/, "Write IS NULL after SAFE_DIVIDE, SAFE_CAST or another SAFE function."],
  [/^NULLIFERROR$/, "Write SAFE_DIVIDE, SAFE_CAST or another SAFE function, which turn errors into NULL."],
  [/^HLL_COUNT[.]/, "Write APPROX_COUNT_DISTINCT(x) over the rows themselves."],
  [/^KLL_QUANTILES[.]/, "Write APPROX_QUANTILES(x, n) over the rows themselves."],
  [/^APPROX_TOP_SUM$/, "Write GROUP BY the value, ORDER BY SUM(weight) DESC and LIMIT."],
  [/^ARRAY_ZIP$/, "Write ARRAY(SELECT STRUCT(a, other[SAFE_OFFSET(at)]) FROM UNNEST(list) AS a WITH OFFSET AS at)."],
  [/^SESSION_USER$/, "Write the address as a text."],
  [
    /^((AEAD|KEYS)[.]|DETERMINISTIC_)/,
    "Write TO_HEX(SHA256(x)), which hides a value for good, or store the result in a table.",
  ],
];

/** The advice for a function that is not supported, by its name as queries write it; undefined if there is none. */
export function insteadOf(called: string): string | undefined {
  return alternatives.find(([functions]) => functions.test(called))?.[1];
}
