import { attempt, bind, type Casting, type Failing, orFail, unreadable } from "./sql.ts";

/*
 * NUMERIC is a number of at most 38 digits, 9 of them after the point: DuckDB's DECIMAL(38, 9). Where DuckDB computes with FLOAT64, or
 * fails though the result fits, the value is computed here as a whole number of 10⁻⁹ in HUGEINT, which holds slightly more than 38 digits.
 */

const overflow = "numeric overflow";
const ten = (power: number) => `1${"0".repeat(power)}::HUGEINT`;

/**
 * Computes a text or a rounding of a NUMERIC. DuckDB divides a HUGEINT, which holds 38 digits, five times as slowly as a BIGINT, which holds
 * 18: so a value that fits is computed as that.
 */
export function inFewDigits(value: string, body: (value: string) => string): string {
  return bind(
    [value],
    (v) => `CASE WHEN abs(${v}) < 100000000 THEN ${body(`CAST(${v} AS DECIMAL(18, 9))`)} ELSE ${body(v)} END`,
  );
}

/** Converts a NUMERIC to a whole number of 10⁻⁹. */
function units(value: string): string {
  return `CAST(replace(CAST(${value} AS VARCHAR), '.', '') AS HUGEINT)`;
}

/** Converts a whole number of 10⁻⁹ to a NUMERIC. DuckDB's product of decimals has the same digits; its division of a HUGEINT is slow. */
function ofUnits(value: string, failing: Failing): string {
  return bind([value], (v) => {
    const made = `CAST(CAST(${v} AS DECIMAL(38, 0)) * 0.000000001 AS DECIMAL(38, 9))`;
    return orFail(`abs(${v}) < ${ten(38)}`, [v], made, overflow, failing);
  });
}

/** The quotient of two whole numbers that are not negative, rounded half up. */
function rounded(value: string, by: string): string {
  return `((2 * ${value} + ${by}) // (2 * ${by}))`;
}

/** Division, to nine places. With a divisor of 10²⁰ or more, the remainder times 10⁹ does not fit into a HUGEINT. */
export function quotient(value: string, by: string, failing: Casting): string {
  return bind([value, by], (of, divisor) => {
    const made = bind([units(of), units(divisor)], (a, b) => {
      const whole = `(abs(${a}) // abs(${b}))`;
      const places = rounded(`(abs(${a}) % abs(${b}) * 1000000000)`, `abs(${b})`);
      const all = `sign(${a}) * sign(${b}) * (${whole} * 1000000000 + ${places})`;
      return orFail(`${whole} < ${ten(29)}`, [a, b], ofUnits(`(${all})`, failing), overflow, failing);
    });
    const known = unless(`abs(${divisor}) >= ${ten(20)}`, "divide by such a NUMERIC", made, failing);
    return orFail(`${divisor} <> 0`, [of, divisor], known, "division by zero", failing);
  });
}

/** A value, except where the translation cannot compute it. That is an error even in SAFE_DIVIDE, which has an answer in BigQuery. */
function unless(isFar: string, what: string, value: string, { sensitive }: Casting): string {
  return `CASE WHEN ${isFar} THEN ${sensitive ? "NULL" : `error('DuckDB cannot ${what}')`} ELSE ${value} END`;
}

/**
 * A sum of NUMERICs in three parts, none of which fails: DuckDB's own sum does if a partial sum outgrows a HUGEINT. The first is the sum of
 * the values below 10²⁰; then come the whole and the fractional parts of the others, which are NULL if there are none. `over` is a window
 * or empty.
 */
function partialSums(value: string, over: string): string[] {
  const isSmall = (v: string) => `${v} BETWEEN -${SMALL} AND ${SMALL}`;
  const of = (part: (v: string) => string) => `sum(${bind([value], part)})${over}`;
  return [
    of((v) => `CASE WHEN ${isSmall(v)} THEN ${v} END`),
    of((v) => `CASE WHEN NOT ${isSmall(v)} THEN CAST(trunc(${v}) AS HUGEINT) END`),
    of((v) => `CASE WHEN NOT ${isSmall(v)} THEN ${v} - trunc(${v}) END`),
  ];
}

const SMALL = "100000000000000000000.000000000";

/** The three parts as a whole number of 10⁻⁹; NULL if it does not fit into a HUGEINT. */
function total(small: string, whole: string, part: string): string {
  const of = (units: string) => `coalesce(${units}, 0)`;
  const added = `TRY(${of(units(small))} + ${of(whole)} * 1000000000 + ${of(units(part))})`;
  return `CASE WHEN ${small} IS NOT NULL OR ${whole} IS NOT NULL THEN ${added} END`;
}

/** True for the values that a NUMERIC can have. A sum in DuckDB can have a few more. */
function isNumeric(value: string): string {
  const most = `${"9".repeat(29)}.${"9".repeat(9)}`;
  return `${value} BETWEEN -${most} AND ${most}`;
}

export function sum(value: string, over: string, failing: Failing): string {
  const inRange = (sum: string) => orFail(isNumeric(sum), [sum], sum, overflow, failing);
  if (!failing.safe) return bind([`sum(${value})${over}`], inRange);
  return bind(partialSums(value, over), (small, whole, part) => {
    const large = bind([total(small, whole, part)], (all) => ofUnits(all, failing));
    return `CASE WHEN ${whole} IS NULL THEN ${inRange(small)} ELSE ${large} END`;
  });
}

/** An average. It fails if the sum is no NUMERIC, even where the average would be one. */
export function average(value: string, over: string, failing: Casting): string {
  const mean = (sum: string, count: string) => {
    const made = ofUnits(`(sign(${sum}) * ${rounded(`abs(${sum})`, count)})`, failing);
    return unless(`abs(${sum}) >= 5 * ${ten(37)}`, "average NUMERICs of such a sum", made, failing);
  };
  const count = `count(${value})${over}`;
  if (!failing.safe) return bind([units(`sum(${value})${over}`), count], mean);
  return bind([...partialSums(value, over), count], (small, whole, part, values) =>
    bind([total(small, whole, part), values], mean),
  );
}

/**
 * Converts a FLOAT64 to a NUMERIC. The product with 10⁹ is too imprecise to round near a half, so there the digits are read from a text
 * of 40 places, which takes much longer. For a value below 100,000 the product is less than 1/100 off, so DuckDB's own cast, which is the
 * fastest, rounds it as it should unless it is near a half.
 */
export function ofDouble(value: string, failing: Failing): string {
  return bind([value], (v) => {
    const product = `(${v} * 1e9)`;
    const isPlain = `abs(${v}) < 100000 AND abs(abs(${product} - trunc(${product})) - 0.5) > 0.1`;
    return `CASE WHEN ${isPlain} THEN CAST(CAST(${v} AS DECIMAL(18, 9)) AS DECIMAL(38, 9)) ELSE ${ofAnyDouble(v, failing)} END`;
  });
}

function ofAnyDouble(value: string, failing: Failing): string {
  const parts = (given: string) => [given, `trunc(${given})`, `((${given} - trunc(${given})) * 1e9)`];
  return bind([value], (given) =>
    bind(parts(given), (v, whole, places) => {
      const digits = `left(format('{:.40f}', ${v}), -30)`;
      const part = `CAST(CAST(round(${places}) AS DECIMAL(10, 0)) * 0.000000001 AS DECIMAL(38, 9))`;
      const sum = `(CAST(CAST(${whole} AS HUGEINT) AS DECIMAL(38, 9)) + ${part})`;
      const isNear = `abs(abs(${places} - trunc(${places})) - 0.5) < 1e-6`;
      const made = `CASE WHEN ${isNear} THEN CAST(${digits} AS DECIMAL(38, 9)) ELSE ${sum} END`;
      return attempt([v], () => made, failing);
    }),
  );
}

/** Reads a NUMERIC from a text without an exponent. */
export function ofText(value: string, failing: Casting): string {
  return bind([value], (v) => {
    const made = attempt([v], () => `CAST(trim(${v}) AS DECIMAL(38, 9))`, failing);
    const isRight = `regexp_full_match(${v}, '\\s*[+-]?(\\d+[.]?\\d*|[.]\\d+)\\s*')`;
    const known = orFail(isRight, [v], made, "not a NUMERIC", failing);
    const other = unreadable("numbers with an exponent", v, failing);
    return `CASE WHEN regexp_full_match(${v}, '\\s*[+-]?[.\\d]+[eE].*') THEN ${other} ELSE ${known} END`;
  });
}
