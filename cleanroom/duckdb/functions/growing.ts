import { type Call, kindOf, literalText, only, type Translate } from "../call.ts";
import { bind, checked, orFail, text } from "../sql.ts";

/*
 * Functions whose answer may be longer than what they are given. The analyser's library has limits to most; here they also keep a query
 * from telling of a row that nobody may see by running out of memory.
 */

/** Bytes: the library's limit; and what a text over rows that nobody may see can become, so that no row makes the memory run out. */
const longestOf = ({ safe }: Call) => (safe ? 4096 : 1_048_576);
/** Elements that an array may have there. BigQuery's own limit is not known. */
const mostElements = 1000;

export const growing: Readonly<Record<string, Translate>> = {
  concat: (call) => {
    const size = kindOf(call.nodes[0]) === "BYTES" ? "octet_length" : "strlen";
    const joined = `(${call.args.join(" || ")})`;
    return checked(joined, (value) => `${size}(${value}) <= ${longestOf(call)}`, "CONCAT of more than 1 MB", call);
  },
  replace: only(["STRING"], (call) =>
    bind(call.args, (value, from, to) => {
      const found = `(strlen(${value}) - strlen(replace(${value}, ${from}, ''))) // greatest(strlen(${from}), 1)`;
      const length = `strlen(${value}) + ${found} * (strlen(${to}) - strlen(${from}))`;
      return limited(length, [value, from, to], `replace(${value}, ${from}, ${to})`, "REPLACE", call);
    }),
  ),
  repeat: only(["STRING", "INT64"], (call) =>
    bind(call.args, (value, count) => {
      // As a FLOAT64, which no count makes overflow.
      const length = `CASE WHEN ${count} >= 0 THEN CAST(strlen(${value}) AS DOUBLE) * ${count} END`;
      return limited(length, [value, count], `repeat(${value}, ${count})`, "REPEAT", call);
    }),
  ),
  lpad: only(["STRING", "INT64"], (call) => padded("lpad", call)),
  rpad: only(["STRING", "INT64"], (call) => padded("rpad", call)),
  regexp_replace: only(["STRING"], (call) => {
    const by = literalText(call, 2);
    if (!/^([^\\]|\\[\d\\])*$/.test(by)) call.refuse("with an unknown escape");
    const made = (value: string) => `regexp_replace(${value}, ${text(literalText(call, 1))}, ${text(by)}, 'g')`;
    return unlimited("strlen", 2 * by.length + 2, made, call);
  }),
  to_hex: (call) => unlimited("octet_length", 2, (value) => `lower(hex(${value}))`, call),
  to_base64: (call) => unlimited("octet_length", 2, (value) => `to_base64(${value})`, call),
  generate_array: only(["INT64"], ({ args: [from, to, step = "1"], ...call }) =>
    bind([from, to, step].map(String), (a, b, by) => {
      const few = call.safe ? ` AND (CAST(${b} AS DOUBLE) - ${a}) / ${by} < ${mostElements}` : "";
      return orFail(`${by} <> 0${few}`, [a, b, by], `generate_series(${a}, ${b}, ${by})`, "GENERATE_ARRAY by 0", call);
    }),
  ),
  array_concat: (call) => (call.safe ? call.refuse("over rows of a protected view") : `(${call.args.join(" || ")})`),
};

function limited(length: string, values: readonly string[], made: string, name: string, call: Call): string {
  return orFail(
    `${length} <= ${longestOf(call)}`,
    values,
    made,
    `${name} of a negative count or to more than 1 MB`,
    call,
  );
}

/** Without a limit; but where nobody may see the rows there is one to the value, which may become `growth` times as long. */
function unlimited(size: string, growth: number, made: (value: string) => string, call: Call): string {
  if (!call.safe) return made(call.args[0] as string);
  return bind(
    call.args.slice(0, 1),
    (value) => `CASE WHEN ${size}(${value}) * ${growth} <= ${longestOf(call)} THEN ${made(value)} END`,
  );
}

function padded(name: string, call: Call): string {
  const [value, count, by = "' '"] = call.args;
  return bind([value, count, by].map(String), (v, n, b) => {
    const padding = `CASE WHEN ${n} BETWEEN 0 AND ${longestOf(call)} AND ${b} <> '' THEN strlen(${b}) * ${n} END`;
    return limited(padding, [v, n, b], `${name}(${v}, CAST(${n} AS INTEGER), ${b})`, name.toUpperCase(), call);
  });
}
