import { type Call, kindOf, only, safely, type Translate } from "../call.ts";
import { inFewDigits, quotient } from "../numerics.ts";
import { attempt, bind, finite, literalNumber, orFail } from "../sql.ts";
import { duckDbType } from "../types.ts";
import { dateArithmetic } from "./dates.ts";

/** Arithmetic. In GoogleSQL an overflow and a division by zero are errors. */
export const arithmetic: Readonly<Record<string, Translate>> = {
  $add: (call) => dateArithmetic("+", call) ?? number("+", call),
  $subtract: (call) => dateArithmetic("-", call) ?? number("-", call),
  $multiply: (call) => number("*", call),
  $divide: divide,
  $unary_minus: (call) => attempt(call.args, (value) => `(-${value})`, call),
  ieee_divide: (call) => {
    if (kindOf(call.nodes[0]) !== "DOUBLE") call.refuse(`of ${kindOf(call.nodes[0])}`);
    return bind(call.args, (value, by) =>
      orFail(
        `isfinite(${value} / ${by})`,
        [value, by],
        `(${value} / ${by})`,
        "DuckDB cannot answer IEEE_DIVIDE that gives NaN or an infinity: write SAFE_DIVIDE, which gives NULL",
        {
          safe: call.sensitive,
        },
      ),
    );
  },
  $bitwise_and: only(["INT64"], ({ args }) => `(${args[0]} & ${args[1]})`),
  $bitwise_or: only(["INT64"], ({ args }) => `(${args[0]} | ${args[1]})`),
  $bitwise_xor: only(["INT64"], ({ args }) => `xor(${args[0]}, ${args[1]})`),
  $bitwise_not: only(["INT64"], ({ args }) => `(~${args[0]})`),
  bit_count: only(["INT64"], ({ args }) => `CAST(bit_count(${args[0]}) AS BIGINT)`),
  safe_add: safely((call) => number("+", call)),
  safe_subtract: safely((call) => number("-", call)),
  safe_multiply: safely((call) => number("*", call)),
  safe_divide: safely(divide),
  safe_negate: safely((call) => attempt(call.args, (value) => `(-${value})`, call)),
  div: wholeDivision("//"),
  mod: wholeDivision("%"),
  abs: (call) => attempt(call.args, (value) => `abs(${value})`, call),
  sign: ({ args: [value], type }) => `CAST(sign(${value}) AS ${duckDbType(type)})`,
  round: (call) => rounded("round", call),
  trunc: (call) => rounded("trunc", call),
  ceil: (call) => whole("ceil", call),
  floor: (call) => whole("floor", call),
  sqrt: real((value) => `sqrt(${value})`),
  pow: real((value, power) => `pow(${value}, ${power})`),
  exp: real((value) => `exp(${value})`),
  ln: real((value) => `ln(${value})`),
  log: real((value, base) => (base === undefined ? `ln(${value})` : `(ln(${value}) / ln(${base}))`)),
  log10: real((value) => `log10(${value})`),
  sin: real((value) => `sin(${value})`),
  cos: real((value) => `cos(${value})`),
  tan: real((value) => `tan(${value})`),
  asin: real((value) => `asin(${value})`),
  acos: real((value) => `acos(${value})`),
  atan: real((value) => `atan(${value})`),
  greatest: extreme("greatest"),
  least: extreme("least"),
};

function number(sign: string, call: Call): string {
  const kinds = new Set(call.nodes.map(kindOf));
  const [kind] = kinds;
  if (kinds.size > 1) call.refuse(`of ${[...kinds].join(" and ")}`);
  const operation = (left: string, right: string) => `(${left} ${sign} ${right})`;
  switch (kind) {
    case "INT64":
      return attempt(call.args, operation, call);
    case "DOUBLE":
      return finite(`(${call.args.join(` ${sign} `)})`, call);
    case "NUMERIC":
      return sign === "*"
        ? product(call)
        : attempt(call.args, (left, right) => `CAST(${operation(left, right)} AS DECIMAL(38, 9))`, call);
    default:
      return call.refuse(`of ${kind}`);
  }
}

/** A product of NUMERICs. DuckDB keeps 18 places of it before it is rounded to nine, so from 10²⁰ on Google's own implementation computes it. */
function product(call: Call): string {
  const [one, other] = call.args as [string, string];
  return bind([one, other], (left, right) => {
    const rounded = (l: string, r: string) => `CAST((${l} * ${r}) AS DECIMAL(38, 9))`;
    const large = call.other?.([left, right]);
    if (large === undefined) return attempt([left, right], rounded, call);
    const isLarge = `abs(CAST(${left} AS DOUBLE) * CAST(${right} AS DOUBLE)) > 9e19`;
    return `CASE WHEN ${isLarge} THEN ${large} ELSE ${rounded(left, right)} END`;
  });
}

function divide(call: Call): string {
  const [kind] = call.nodes.map(kindOf);
  if (kind === "NUMERIC")
    return quotient(call.args[0] as string, call.args[1] as string, {
      safe: call.safe,
      sensitive: call.sensitive,
    });
  if (kind !== "DOUBLE") call.refuse(`of ${kind}`);
  // A quotient by such a number cannot overflow.
  if (Math.abs(literalNumber(call.args[1] as string) ?? 0) >= 1) return `(${call.args.join(" / ")})`;
  return bind(call.args, (value, by) =>
    orFail(`${by} <> 0`, [value, by], finite(`(${value} / ${by})`, call), "division by zero", call),
  );
}

/** DuckDB returns NULL for a whole number divided by zero, and fails for the remainder of the least INT64 divided by -1, which is 0. */
function wholeDivision(sign: "//" | "%"): Translate {
  const quotient = (value: string, by: string) => `(${value} ${sign} ${by})`;
  const remainder = (value: string, by: string) => quotient(value, `CASE ${by} WHEN -1 THEN 1 ELSE ${by} END`);
  return only(["INT64"], (call) => {
    const [dividend, divisor] = call.args as [string, string];
    if (![0, -1].includes(literalNumber(divisor) ?? 0)) return quotient(dividend, divisor);
    return bind([dividend, divisor], (value, by) => {
      const divided = sign === "%" ? remainder(value, by) : attempt([value, by], quotient, call);
      return orFail(`${by} <> 0`, [value, by], divided, "division by zero", call);
    });
  });
}

function whole(name: string, call: Call): string {
  const [kind] = call.nodes.map(kindOf);
  if (kind === "NUMERIC") return attempt(call.args, (value) => `CAST(${name}(${value}) AS DECIMAL(38, 9))`, call);
  return kind === "DOUBLE" ? `${name}(${call.args[0]})` : call.refuse(`of ${kind}`);
}

function real(body: (...args: string[]) => string): Translate {
  return only(["DOUBLE"], (call) => finite(attempt(call.args, body, call), call));
}

/** The places that a rounding goes to, which must be a literal. */
function placesOf({ nodes: [, places], refuse }: Call): number {
  if (places === undefined) return 0;
  const { int64Value } = (places.value as { value?: { int64Value?: string } } | undefined)?.value ?? {};
  return int64Value === undefined ? refuse("to a number of places that is not a literal") : Number(int64Value);
}

/** ROUND and TRUNC of a NUMERIC, to a literal number of places. */
function roundedNumeric(name: string, call: Call): string {
  if (call.nodes.length > 2) call.refuse("with a rounding mode");
  const places = Math.min(9, placesOf(call));
  // Beyond these DuckDB returns 0, even for NULL.
  if (places < -27) call.refuse(`to ${places} places`);
  const made = (value: string) => `CAST(${name}(${value}, ${places}) AS DECIMAL(38, 9))`;
  return attempt(call.args.slice(0, 1), (value) => (places < 0 ? made(value) : inFewDigits(value, made)), call);
}

function rounded(name: "round" | "trunc", call: Call): string {
  if (kindOf(call.nodes[0]) === "NUMERIC") return roundedNumeric(name, call);
  if (kindOf(call.nodes[0]) !== "DOUBLE") call.refuse(`of ${kindOf(call.nodes[0])}`);
  const value = call.args[0] as string;
  const places = placesOf(call);
  if (places === 0) return `${name}(${value})`;
  if (places < -308 || places > 15) call.refuse(`to ${places} places`);
  return places < 0 ? finite(`${name}(${value}, ${places})`, call) : toPlaces(name, value, places);
}

/**
 * ROUND and TRUNC of a FLOAT64 to 1 to 15 places, of its exact value: the FLOAT64 2.675 is slightly less than that, so its ROUND to 2 places
 * is 2.67. The product with 100 is 267.5, as DuckDB's own functions take it: near such a limit the digits are read from a text.
 */
function toPlaces(name: "round" | "trunc", value: string, places: number): string {
  const power = `1e${places}`;
  const limit = name === "round" ? 0.5 : 1;
  return bind([value], (v) => {
    const product = `(abs(${v}) * ${power})`;
    const rest = `abs(${product} - trunc(${product}) - ${limit})`;
    const isPlain = `${product} < 1e9 AND ${rest} BETWEEN 1e-6 AND 1 - 1e-6`;
    const digits = `format('{:.60f}', abs(${v}))`;
    const cut = `left(${digits}, ${places - 60})`;
    const next = `substr(${digits}, ${places - 60}, 1) >= '5'`;
    const up = `CAST(CAST(replace(${cut}, '.', '') AS HUGEINT) + 1 AS DOUBLE) / ${power}`;
    const exact =
      name === "trunc"
        ? `CAST(${cut} AS DOUBLE)`
        : `CASE WHEN ${product} >= 9007199254740992 THEN abs(${v}) WHEN ${next} THEN ${up} ELSE CAST(${cut} AS DOUBLE) END`;
    return `CASE WHEN ${isPlain} THEN ${name}(${v} * ${power}) / ${power} ELSE sign(${v}) * ${exact} END`;
  });
}

/** The result is NULL if a value is NULL. DuckDB's own functions skip NULLs, and order NULLs in ARRAYs in another way. */
function extreme(name: string): Translate {
  return ({ args, ...call }) =>
    kindOf(call.nodes[0]) === "ARRAY"
      ? call.refuse("of ARRAY")
      : bind(args, (...values) => {
          const known = values.map((value) => `${value} IS NOT NULL`).join(" AND ");
          return `CASE WHEN ${known} THEN ${name}(${values.join(", ")}) END`;
        });
}
