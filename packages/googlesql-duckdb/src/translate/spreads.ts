import { ownCall } from "../evaluate/evaluator.ts";
import { NOT_VARYING } from "../evaluate/own.ts";
import { type AggregateCall, kindOf, type TranslateAggregate } from "./call.ts";
import { bind, checked, finite, orFail, text } from "./sql.ts";

/* Variances, standard deviations, covariances and correlations. */

export const spreads: Readonly<Record<string, TranslateAggregate>> = {
  stddev_samp: spread("stddev_samp"),
  stddev_pop: spread("stddev_pop"),
  var_samp: spread("var_samp"),
  var_pop: spread("var_pop"),
  covar_samp: spread("covar_samp"),
  covar_pop: spread("covar_pop"),
  corr: (call) => {
    // GoogleSQL returns NULL for fewer than two pairs, and NaN if the values do not vary. DuckDB returns NaN for both.
    const pairs = `regr_count(${call.args.join(", ")})${call.over}`;
    const value = checked(spread("corr")(call), (v) => `isfinite(${v})`, NOT_VARYING, call);
    return `CASE WHEN ${pairs} > 1 THEN ${value} END`;
  },
};

/** DuckDB fails if the sum of squares overflows. Values within 10¹⁴⁰ cannot cause that, so protected values are cut to that range. */
function spread(name: string): TranslateAggregate {
  return (call) => {
    if (call.nodes.some((node) => kindOf(node) === "NUMERIC")) return ofNumerics(name, call);
    const within = (value: string) =>
      `CASE WHEN ${value} IS NOT NULL THEN greatest(least(${value}, 1e140), -1e140) END`;
    const values = call.safe ? call.args.map((value) => bind([value], within)) : call.args;
    const value = `${name}(${call.distinct}${values.join(", ")})${call.over}`;
    return name === "corr" ? value : finite(value, call);
  };
}

/** Values from here on would overflow the sums. */
const MOST = "100000000000000";

/** Of NUMERICs, from exact sums: FLOAT64s lose the digits of large values that differ little. */
function ofNumerics(name: string, call: AggregateCall): string {
  if (call.distinct) call.refuse("of DISTINCT NUMERIC", "Write SELECT DISTINCT in a subquery, and aggregate its rows.");
  const [x, y = x] = call.args.map((value) => partsOf(call.once(struct(value)))) as [Parts, Parts?];
  const over = ` FILTER (WHERE ${x.value} IS NOT NULL AND ${y.value} IS NOT NULL)${call.over}`;
  const products = name === "corr" ? [...sums(x, y), ...sums(x, x), ...sums(y, y)] : sums(x, y);
  const all = products.map((sum) => `sum(${sum})${over}`);
  const greatest = `greatest(max(abs(${x.value}))${over}, max(abs(${y.value}))${over})`;
  const count = `count(*)${over}`;
  return bind([greatest, count, `concat_ws(' ', ${all.join(", ")})`], (most, pairs, sums) => {
    const made = ownCall("spread", [text(name), pairs, sums], call);
    const message = `DuckDB cannot compute ${name.toUpperCase()} of NUMERICs beyond 10¹⁴: CAST them to FLOAT64`;
    return orFail(`${most} < ${MOST}`, [most], made, message, call);
  });
}

/** A NUMERIC, its whole part, and its fraction in 10⁻⁹. */
interface Parts {
  readonly value: string;
  readonly whole: string;
  readonly part: string;
}

/** The three as one value of DuckDB, which computes the number once. */
function struct(value: string): string {
  return bind([value], (v) => {
    const cut = (part: (v: string) => string) =>
      // DuckDB cuts a DECIMAL of 18 digits much faster.
      `CASE WHEN abs(${v}) < 100000000 THEN ${part(`CAST(${v} AS DECIMAL(18, 9))`)} WHEN abs(${v}) < ${MOST} THEN ${part(v)} ELSE 0 END`;
    const whole = cut((of) => `CAST(trunc(${of}) AS HUGEINT)`);
    const part = cut((of) => `CAST(CAST(${of} - trunc(${of}) AS DECIMAL(10, 9)) * 1000000000 AS HUGEINT)`);
    return `{value: ${v}, whole: ${whole}, part: ${part}}`;
  });
}

function partsOf(made: string): Parts {
  return { value: `(${made}).value`, whole: `(${made}).whole`, part: `(${made}).part` };
}

/** The terms that are summed for two numbers: both parts of each, then their product as whole numbers, as 10⁻⁹ and as 10⁻¹⁸. */
function sums(x: Parts, y: Parts): string[] {
  const product = [
    `${x.whole} * ${y.whole}`,
    `${x.whole} * ${y.part} + ${x.part} * ${y.whole}`,
    `${x.part} * ${y.part}`,
  ];
  return [x.whole, x.part, y.whole, y.part, ...product];
}
