import { type Node, nodesIn } from "../../analyser/node.ts";
import { type Call, functionName, kindOf, literalText, only, type Translate } from "../call.ts";
import { mostBytes } from "../known-texts.ts";
import { attempt, bind, checked, orFail, text } from "../sql.ts";
import { duckDbType } from "../types.ts";
import { microseconds, months, partOf } from "./date-parts.ts";
import { groupsIn, pattern } from "./regexps.ts";

/*
 * Functions whose result may be longer than their arguments. The reference implementation limits most of them. Here the limits also
 * keep a query from running out of memory on a protected row, which would reveal the row.
 */

/**
 * The limit of a text in bytes: the reference implementation's for a text of literals, 128 KB for one that is computed of each row, because DuckDB computes 2,048 rows at a time, and less in queries of protected rows.
 */
export const longestOf = (call: Call) => (call.safe ? 4096 : isConstant(call) ? 1_048_576 : 131_072);
/** The limit of an array's elements, likewise. BigQuery's own limit is not known. */
function mostOf(call: Call): number {
  if (call.safe) return isFixed(call) ? 10_000 : 1000;
  return isConstant(call) ? 1_000_000 : 30_000;
}

/** Refuses an array of literals that is too long for a query of protected rows, in which it would be NULL: fewer rows, and no error. */
function checkElements(call: Call, count: number | undefined): void {
  const most = mostOf({ ...call, safe: true });
  if (call.sensitive && count !== undefined && count >= most)
    call.refuse(
      `of more than ${most.toLocaleString("en-US")} elements in a query of a view with a rule`,
      "Join a table of your own that has the numbers or days, or ask for fewer.",
    );
}

/** The steps from one literal to another; undefined if an argument is no literal. A DATE counts in days, a TIMESTAMP in microseconds. */
function stepsBetween({ nodes }: Call): number | undefined {
  const [from, to, by] = nodes.slice(0, 3).map(literalNumber);
  const step = nodes.length > 2 ? by : 1;
  return from === undefined || to === undefined || !step ? undefined : Math.max(0, (to - from) / step);
}

function literalNumber(node: Node): number | undefined {
  const given = node.value as { value?: Readonly<Record<string, string | number>> } | undefined;
  const { int64Value, doubleValue, dateValue, timestampValue } = given?.value ?? {};
  const number = int64Value ?? doubleValue ?? dateValue;
  if (number !== undefined) return Number(number);
  return timestampValue === undefined ? undefined : Date.parse(String(timestampValue)) * 1000;
}

function isHash(node: Node | undefined): boolean {
  return node?.kind === "FunctionCall" && ["md5", "sha1", "sha256"].includes(functionName(node));
}

/** True if DuckDB computes a call once for all rows. */
function isConstant({ nodes }: Call): boolean {
  return nodes.every(({ kind }) => kind === "Literal");
}

/** True if a call has the same arguments for each row, such as CURRENT_DATE(). */
function isFixed({ nodes }: Call): boolean {
  const called = nodesIn(nodes, (kind) => kind === "FunctionCall").map(functionName);
  const others = nodesIn(nodes, (kind) => /Column|Subquery|Argument(Ref)?$|Parameter/.test(kind));
  return others.length === 0 && !called.some((name) => name === "rand" || name === "generate_uuid");
}

export const growing: Readonly<Record<string, Translate>> = {
  concat: (call) => {
    const size = kindOf(call.nodes[0]) === "BYTES" ? "octet_length" : "strlen";
    const joined = `(${call.args.join(" || ")})`;
    if (call.nodes.reduce((sum, node) => sum + mostBytes(node), 0) <= longestOf(call)) return joined;
    return checked(
      joined,
      (value) => `${size}(${value}) <= ${longestOf(call)}`,
      `CONCAT of more than ${longestOf(call)} bytes`,
      call,
    );
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
    // DuckDB ignores a group that the expression does not have.
    const named = Math.max(0, ...[...by.matchAll(/\\(\d)/g)].map(([, group]) => Number(group)));
    if (named > groupsIn(literalText(call, 1))) call.refuse("with an unknown group");
    const from = pattern(call);
    const made = (value: string) => `regexp_replace(${value}, ${from}, ${text(by)}, 'g')`;
    return unlimited("strlen", 2 * by.length + 2, made, call);
  }),
  to_hex: (call) => {
    // A hash is short, and DuckDB writes it in hexadecimal digits anyway.
    const [, digits] = /^from_hex\(((?:md5|sha1|sha256)\(.*\))\)$/s.exec(call.args[0] as string) ?? [];
    if (digits !== undefined && isHash(call.nodes[0])) return digits;
    return unlimited("octet_length", 2, (value) => `lower(hex(${value}))`, call);
  },
  to_base64: (call) => unlimited("octet_length", 2, (value) => `to_base64(${value})`, call),
  generate_array: only(["INT64", "DOUBLE", "NUMERIC"], (call) =>
    bind([...call.args, "1"].slice(0, 3), (...[a, b, by]) => {
      checkElements(call, stepsBetween(call));
      const most = mostOf(call);
      const values = [a, b, by].map(String);
      const few = `(CAST(${b} AS DOUBLE) - ${a}) / ${by} < ${most}`;
      const made = orFail(
        few,
        values,
        kindOf(call.nodes[0]) === "INT64" ? `generate_series(${a}, ${b}, ${by})` : steps(values, call),
        `GENERATE_ARRAY of more than ${most} elements: FROM UNNEST(GENERATE_ARRAY(1, 20000000)) with numbers written out has no limit`,
        call,
      );
      return orFail(`${by} <> 0`, values, made, "GENERATE_ARRAY by 0", call);
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
    if (call.sensitive) call.refuse("over rows of a view with a rule");
    if (kindOf(call.nodes[1]) !== "STRING") call.refuse("of BYTES");
    const [array, , none] = call.args as [string, string, string?];
    // DuckDB takes no other delimiter, and a comma for NULL.
    const between = text(literalText(call, 1));
    if (none === undefined) return `array_to_string(${array}, ${between})`;
    return bind(
      [none],
      (by) =>
        `CASE WHEN ${by} IS NOT NULL THEN array_to_string(list_transform(${array}, lambda e: coalesce(e, ${by})), ${between}) END`,
    );
  },
  array_concat: (call) => (call.safe ? call.refuse("over rows of a view with a rule") : `(${call.args.join(" || ")})`),
};

/** The series of FLOAT64s or NUMERICs: each is the first plus a multiple of the step, so that errors do not add up. */
function steps([from, to, by]: readonly string[], call: Call): string {
  const type = duckDbType(call.type.arrayType?.elementType ?? call.type);
  const count = `CAST(greatest(ceil((CAST(${to} AS DOUBLE) - ${from}) / ${by}), -1) AS BIGINT)`;
  const value = attempt([], () => `CAST(${from} + n * ${by} AS ${type})`, call);
  const made = `list_transform(generate_series(0, ${count}), lambda n: ${value})`;
  return `list_filter(${made}, lambda v: CASE WHEN ${by} > 0 THEN v <= ${to} ELSE v >= ${to} END)`;
}

/** A series of dates or times. By months only from days up to the 28th: GoogleSQL continues from the last day of a shorter month. */
function dateSeries(from: string, to: string, step: string, part: string, type: string, call: Call): string {
  const days = part === "DAY" ? 1 : part === "WEEK" ? 7 : undefined;
  const unit = type === "TIMESTAMP" ? microseconds[part] : days ? days * 86_400_000_000 : undefined;
  const inMonths = months[part];
  if (unit === undefined && inMonths === undefined) return call.refuse(`by ${part}`);
  // Larger steps would overflow DuckDB's interval, and exceed the whole range of time.
  const count = stepsBetween(call);
  const scale = type === "DATE" ? 86_400_000_000 : 1;
  checkElements(call, count && (count * scale) / (unit ?? 2_419_200_000_000 * (inMonths ?? 1)));
  const most = unit ? Math.ceil(316_000_000_000_000_000 / unit) : 120_000;
  return bind([`CAST(${from} AS TIMESTAMP)`, `CAST(${to} AS TIMESTAMP)`, step], (a, b, n) => {
    const interval = unit
      ? `to_microseconds(${n} * ${unit}::BIGINT)`
      : `to_months(CAST(${n} * ${inMonths} AS INTEGER))`;
    const length = `CAST(epoch_us(${b}) - epoch_us(${a}) AS DOUBLE) / ${n} / ${unit ?? 2_419_200_000_000 * (inMonths ?? 1)}`;
    const few = ` AND ${length} < ${mostOf({ ...call, safe: call.sensitive })}`;
    const series = `CAST(generate_series(${a}, ${b}, ${interval}) AS ${type}[])`;
    const isRight = `${n} <> 0 AND ${n} BETWEEN -${most} AND ${most}${few}${unit ? "" : ` AND day(${a}) < 29`}`;
    return orFail(
      isRight,
      [a, b, n],
      series,
      "DuckDB cannot make such an array of dates as BigQuery would: begin a series of months on a day up to the 28th, and ask for fewer elements",
      {
        safe: call.sensitive,
      },
    );
  });
}

function limited(length: string, values: readonly string[], made: string, name: string, call: Call): string {
  return orFail(
    `${length} <= ${longestOf(call)}`,
    values,
    made,
    `${name} of a negative count or to more than ${longestOf(call)} bytes`,
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
