import { type Call, kindOf, literalText, only, type Translate } from "../call.ts";
import { bind, checked, orFail, text } from "../sql.ts";
import { microseconds, months, partOf } from "./date-parts.ts";

/*
 * Functions whose result may be longer than their arguments. The reference implementation limits most of them. Here the limits also
 * keep a query from running out of memory on a protected row, which would reveal the row.
 */

/** The limit of a text in bytes: the reference implementation's, and a smaller one in queries of protected rows. */
export const longestOf = ({ safe }: Call) => (safe ? 4096 : 1_048_576);
/** The limit of an array's elements in queries of protected rows. BigQuery's own limit is not known. */
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
      // Computed as FLOAT64, which cannot overflow here.
      const length = `CASE WHEN ${count} >= 0 THEN CAST(strlen(${value}) AS DOUBLE) * ${count} END`;
      // The cast is for a text that is always NULL: DuckDB would take it for a BLOB.
      return limited(length, [value, count], `repeat(CAST(${value} AS VARCHAR), ${count})`, "REPEAT", call);
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
  generate_date_array: (call) => {
    const [from, to, step = "1"] = call.args as [string, string, string?];
    const part = call.nodes.length > 2 ? partOf(call, call.nodes[3]) : "DAY";
    return dateSeries(from, to, step, part, "DATE", call);
  },
  generate_timestamp_array: (call) => {
    const [from, to, step] = call.args as [string, string, string];
    const part = partOf(call, call.nodes[3]);
    return microseconds[part] ? dateSeries(from, to, step, part, "TIMESTAMP", call) : call.refuse(`by ${part}`);
  },
  array_to_string: (call) => {
    if (call.sensitive) call.refuse("over rows of a protected view");
    if (kindOf(call.nodes[1]) !== "STRING") call.refuse("of BYTES");
    const [array, between, none] = call.args as [string, string, string?];
    if (none === undefined) return `array_to_string(${array}, ${between})`;
    const filled = bind([array, none], (list, by) => `list_transform(${list}, lambda e: coalesce(e, ${by}))`);
    return `array_to_string(${filled}, ${between})`;
  },
  array_concat: (call) => (call.safe ? call.refuse("over rows of a protected view") : `(${call.args.join(" || ")})`),
};

/** A series of dates or times. By months only from days up to the 28th: GoogleSQL goes on from the last day of a shorter month. */
function dateSeries(from: string, to: string, step: string, part: string, type: string, call: Call): string {
  const days = part === "DAY" ? 1 : part === "WEEK" ? 7 : undefined;
  const unit = type === "TIMESTAMP" ? microseconds[part] : days ? days * 86_400_000_000 : undefined;
  const inMonths = months[part];
  if (unit === undefined && inMonths === undefined) return call.refuse(`by ${part}`);
  // Larger steps would overflow DuckDB's interval, and exceed the whole range of time.
  const most = unit ? Math.ceil(316_000_000_000_000_000 / unit) : 120_000;
  return bind([`CAST(${from} AS TIMESTAMP)`, `CAST(${to} AS TIMESTAMP)`, step], (a, b, n) => {
    const interval = unit
      ? `to_microseconds(${n} * ${unit}::BIGINT)`
      : `to_months(CAST(${n} * ${inMonths} AS INTEGER))`;
    const length = `abs(CAST(epoch_us(${b}) - epoch_us(${a}) AS DOUBLE) / ${n} / ${unit ?? 2_419_200_000_000 * (inMonths ?? 1)})`;
    const few = ` AND ${length} < ${call.sensitive ? mostElements : 1_000_000}`;
    const series = `CAST(generate_series(${a}, ${b}, ${interval}) AS ${type}[])`;
    const isRight = `${n} <> 0 AND ${n} BETWEEN -${most} AND ${most}${few}${unit ? "" : ` AND day(${a}) < 29`}`;
    return orFail(isRight, [a, b, n], series, "DuckDB cannot make such an array of dates as BigQuery would", {
      safe: call.sensitive,
    });
  });
}

function limited(length: string, values: readonly string[], made: string, name: string, call: Call): string {
  return orFail(
    `${length} <= ${longestOf(call)}`,
    values,
    made,
    `${name} of a negative count or to more than 1 MB`,
    call,
  );
}

/** No limit, except in queries of protected rows. There the value is limited, as the result may be `growth` times as long. */
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
