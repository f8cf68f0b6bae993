import { type Call, kindOf, only, safely, type Translate } from "../call.ts";
import { inFewDigits, quotient } from "../numerics.ts";
import { attempt, bind, finite, orFail } from "../sql.ts";
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
        "DuckDB cannot answer IEEE_DIVIDE that gives NaN or an infinity",
        {
          safe: call.sensitive,
        },
      ),
    );
  },
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
      return attempt(call.args, (left, right) => `CAST(${operation(left, right)} AS DECIMAL(38, 9))`, call);
    default:
      return call.refuse(`of ${kind}`);
  }
}

function divide(call: Call): string {
  const [kind] = call.nodes.map(kindOf);
  if (kind === "NUMERIC")
    return quotient(call.args[0] as string, call.args[1] as string, {
      safe: call.safe,
      sensitive: call.sensitive,
    });
  if (kind !== "DOUBLE") call.refuse(`of ${kind}`);
  return bind(call.args, (value, by) =>
    orFail(`${by} <> 0`, [value, by], finite(`(${value} / ${by})`, call), "division by zero", call),
  );
}

/** DuckDB returns NULL for a whole number divided by zero. */
function wholeDivision(sign: string): Translate {
  return only(["INT64"], (call) =>
    bind(call.args, (value, by) =>
      orFail(
        `${by} <> 0`,
        [value, by],
        attempt([value, by], (x, y) => `(${x} ${sign} ${y})`, call),
        "division by zero",
        call,
      ),
    ),
  );
}

function whole(name: string, call: Call): string {
  const [kind] = call.nodes.map(kindOf);
  if (kind === "NUMERIC") return attempt(call.args, (value) => `CAST(${name}(${value}) AS DECIMAL(38, 9))`, call);
  return kind === "DOUBLE" ? `${name}(${call.args[0]})` : call.refuse(`of ${kind}`);
}

function real(body: (...args: string[]) => string): Translate {
  return only(["DOUBLE"], (call) => finite(attempt(call.args, body, call), call));
}

/** ROUND and TRUNC of a NUMERIC, to a literal number of places. */
function roundedNumeric(name: string, call: Call): string {
  const { int64Value = "0" } = (call.nodes[1]?.value as { value?: { int64Value?: string } } | undefined)?.value ?? {};
  if (call.nodes[1] && call.nodes[1].kind !== "Literal") call.refuse("to places that are not written out");
  const places = Math.min(9, Number(int64Value));
  // Beyond these DuckDB returns 0, even for NULL.
  if (places < -27) call.refuse(`to ${places} places`);
  const made = (value: string) => `CAST(${name}(${value}, ${places}) AS DECIMAL(38, 9))`;
  return attempt(call.args.slice(0, 1), (value) => (places < 0 ? made(value) : inFewDigits(value, made)), call);
}

function rounded(name: string, call: Call): string {
  if (kindOf(call.nodes[0]) === "NUMERIC") return roundedNumeric(name, call);
  if (kindOf(call.nodes[0]) !== "DOUBLE") call.refuse(`of ${kindOf(call.nodes[0])}`);
  const [number, places] = call.args;
  if (places === undefined) return `${name}(${number})`;
  // No FLOAT64 has a digit beyond these places.
  const most = 308;
  const fitting = (at: string) =>
    `CASE WHEN ${at} > ${most} THEN ${most} WHEN ${at} < -${most} THEN -${most} ELSE ${at} END`;
  return finite(
    bind([number as string, places], (value, at) => `${name}(${value}, CAST(${fitting(at)} AS INTEGER))`),
    call,
  );
}

/** The result is NULL if a value is NULL. DuckDB's own functions skip NULLs. */
function extreme(name: string): Translate {
  return ({ args }) =>
    bind(args, (...values) => {
      const known = values.map((value) => `${value} IS NOT NULL`).join(" AND ");
      return `CASE WHEN ${known} THEN ${name}(${values.join(", ")}) END`;
    });
}
