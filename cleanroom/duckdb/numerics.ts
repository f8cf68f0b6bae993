import { attempt, bind, type Casting, type Failing, orFail, unreadable } from "./sql.ts";

/*
 * NUMERIC: whole numbers of 10⁻⁹, of at most 38 digits, as DuckDB's DECIMAL(38, 9). Where DuckDB goes by way of FLOAT64, or gives up
 * though the result fits, it is computed here in HUGEINT, which holds 38 digits and a little more.
 */

const overflow = "numeric overflow";
const ten = (power: number) => `1${"0".repeat(power)}::HUGEINT`;

/** A NUMERIC as a whole number of 10⁻⁹. */
function units(value: string): string {
  return `CAST(replace(CAST(${value} AS VARCHAR), '.', '') AS HUGEINT)`;
}

/** A whole number of 10⁻⁹ as a NUMERIC. */
function ofUnits(value: string, failing: Failing): string {
  return bind([value], (v) => {
    const whole = `CAST(${v} // 1000000000 AS DECIMAL(38, 9))`;
    const part = `CAST(CAST(${v} % 1000000000 AS DECIMAL(9, 0)) * 0.000000001 AS DECIMAL(38, 9))`;
    return orFail(`abs(${v}) < ${ten(38)}`, [v], `(${whole} + ${part})`, overflow, failing);
  });
}

/** A quotient of two whole numbers that are not negative, a half being rounded up. */
function rounded(value: string, by: string): string {
  return `((2 * ${value} + ${by}) // (2 * ${by}))`;
}

/** Division, with nine places. What is left of one by a divisor of 10²⁰ does not fit into a HUGEINT with nine more digits. */
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

/** A value, but for what the rehearsal does not compute: that is no matter of SAFE_DIVIDE. */
function unless(isFar: string, what: string, value: string, { sensitive }: Casting): string {
  return `CASE WHEN ${isFar} THEN ${sensitive ? "NULL" : `error('The rehearsal cannot ${what}')`} ELSE ${value} END`;
}

/**
 * The sum of some NUMERICs as a whole number of 10⁻⁹, and what else is to be known; `over` is a window or nothing. DuckDB fails where
 * the sum outgrows a HUGEINT on the way; the sums of the whole parts and of the places cannot.
 */
function summed(
  value: string,
  over: string,
  also: readonly string[],
  { safe }: Failing,
  body: (...names: string[]) => string,
): string {
  if (!safe) return bind([units(`sum(${value})${over}`), ...also], body);
  const parts = [`sum(CAST(trunc(${value}) AS HUGEINT))${over}`, `sum(${value} - trunc(${value}))${over}`];
  return bind([...parts, ...also], (whole, part, ...others) => {
    const total = bind([`(${whole} * 1000000000 + ${units(part)})`, ...others], body);
    return `CASE WHEN abs(${whole}) <= ${ten(29)} THEN ${total} END`;
  });
}

export function sum(value: string, over: string, failing: Failing): string {
  return summed(value, over, [], failing, (total) => ofUnits(total, failing));
}

/** An average. There can be one of a sum that is no NUMERIC; the rehearsal does not compute it. */
export function average(value: string, over: string, failing: Casting): string {
  return summed(value, over, [`count(${value})${over}`], failing, (total, count) => {
    const mean = ofUnits(`(sign(${total}) * ${rounded(`abs(${total})`, count)})`, failing);
    return unless(`abs(${total}) >= 5 * ${ten(37)}`, "average NUMERICs of such a sum", mean, failing);
  });
}

/**
 * A FLOAT64 as a NUMERIC. The tenth place decides, which the product with 10⁹ does not tell near a half: there it is read from the
 * first 40 places, which takes much longer.
 */
export function ofDouble(value: string, failing: Failing): string {
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

/** A text as a NUMERIC; with an exponent it cannot be read. */
export function ofText(value: string, failing: Casting): string {
  return bind([value], (v) => {
    const made = attempt([v], () => `CAST(trim(${v}) AS DECIMAL(38, 9))`, failing);
    const isRight = `regexp_full_match(${v}, '\\s*[+-]?(\\d+[.]?\\d*|[.]\\d+)\\s*')`;
    const known = orFail(isRight, [v], made, "not a NUMERIC", failing);
    const other = unreadable("numbers with an exponent", failing.sensitive);
    return `CASE WHEN regexp_full_match(${v}, '\\s*[+-]?[.\\d]+[eE].*') THEN ${other} ELSE ${known} END`;
  });
}
