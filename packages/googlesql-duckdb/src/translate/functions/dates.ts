import type { Node } from "../../analyser/node.ts";
import { type Call, functionName, kindOf, type Translate } from "../call.ts";
import { attempt, bind } from "../sql.ts";
import { timestampOf } from "../timestamps.ts";
import { addToDate, addToTimestamp, inDates, inTimestamps, minusDays, truncated } from "./date-arithmetic.ts";
import { firstDay, microseconds, partOf } from "./date-parts.ts";
import { moved } from "./datetimes.ts";
import { inUtc, inZone } from "./zones.ts";

/** Dates and timestamps. Timestamps are in UTC; zones.ts handles other time zones. */
export const dates: Readonly<Record<string, Translate>> = {
  $extract: inZone(2, extract),
  $extract_date: inZone(1, ({ args }) => `CAST(${args[0]} AS DATE)`),
  date: (call) => (call.nodes.length === 3 ? madeDate(call) : dateOf(call)),
  timestamp: (call) => {
    const kind = kindOf(call.nodes[0]);
    if (kind === "STRING" && call.nodes.length === 1)
      return timestampOf(call.args[0] as string, {
        safe: call.safe,
        sensitive: call.sensitive,
        other: (value) => call.other?.([value]),
      });
    if (kind !== "DATE" && kind !== "DATETIME") return call.refuse(`of ${kind}`);
    return inUtc(1, ({ args }) => `CAST(${args[0]} AS TIMESTAMP)`)(call);
  },
  date_add: (call) => moved("+", call),
  date_sub: (call) => moved("-", call),
  timestamp_add: (call) => moved("+", call),
  timestamp_sub: (call) => moved("-", call),
  date_diff: difference,
  timestamp_diff: difference,
  datetime_diff: difference,
  date_trunc: (call) => (kindOf(call.nodes[0]) === "DATE" ? dateTrunc(call) : timestampTrunc(call)),
  timestamp_trunc: timestampTrunc,
  datetime_trunc: timestampTrunc,
  last_day: (call) => lastDay(onDates(1, call)),
  unix_date: ({ args }) => `(${args[0]} - DATE '1970-01-01')`,
  date_from_unix_date: (call) => addToDate("DATE '1970-01-01'", call.args[0], "DAY", "+", call),
  unix_micros: ({ args }) => `epoch_us(${args[0]})`,
  unix_millis: ({ args }) => sinceEpoch(args[0], "millisecond", 1_000),
  unix_seconds: ({ args }) => sinceEpoch(args[0], "second", 1_000_000),
  timestamp_micros: (call) => addToTimestamp("TIMESTAMP '1970-01-01'", call.args[0], "MICROSECOND", "+", call),
  timestamp_millis: (call) => addToTimestamp("TIMESTAMP '1970-01-01'", call.args[0], "MILLISECOND", "+", call),
  timestamp_seconds: (call) => addToTimestamp("TIMESTAMP '1970-01-01'", call.args[0], "SECOND", "+", call),
};

/** `$add` and `$subtract` with a date or a time; undefined if there is none among the arguments. */
export function dateArithmetic(sign: "+" | "-", call: Call): string | undefined {
  const [left, right] = call.nodes as [Node, Node];
  switch (`${kindOf(left)} ${kindOf(right)}`) {
    case "DATE DATE":
      return `to_days(CAST(${minusDays(String(call.args[0]), String(call.args[1]))} AS INTEGER))`;
    case "TIMESTAMP TIMESTAMP":
    case "TIME TIME":
      return `to_microseconds(epoch_us(${call.args[0]}) - epoch_us(${call.args[1]}))`;
    case "DATETIME DATETIME":
      return bind([`(epoch_us(${call.args[0]}) - epoch_us(${call.args[1]}))`], (micros) => {
        const days = `to_days(CAST(${micros} // ${microseconds.DAY} AS INTEGER))`;
        return `(${days} + to_microseconds(${micros} % ${microseconds.DAY}))`;
      });
    case "DATE INT64":
      return addToDate(call.args[0], call.args[1], "DAY", sign, call);
    case "INT64 DATE":
      return addToDate(call.args[1], call.args[0], "DAY", sign, call);
    case "DATE INTERVAL":
    case "DATETIME INTERVAL":
    case "TIMESTAMP INTERVAL":
      if (right.kind !== "FunctionCall" || functionName(right) !== "$interval") return undefined;
      return onInterval(right, sign, call);
    default:
      return undefined;
  }
}

/** `TIMESTAMP ± INTERVAL n PART`, the only supported use of an INTERVAL. With a DATE the result is a DATETIME. */
function onInterval(interval: Node, sign: "+" | "-", call: Call): string {
  const [count, part] = interval.argumentList as [Node, Node];
  const named = partOf(call, part);
  if (kindOf(call.nodes[0]) === "TIMESTAMP" && !microseconds[named]) call.refuse(`of ${named}`);
  return addToTimestamp(`CAST(${call.args[0]} AS TIMESTAMP)`, call.sql(count), partOf(call, part), sign, call);
}

/** The same call without the time of day of the first arguments. */
function onDates(count: number, call: Call): Call {
  if (kindOf(call.nodes[0]) === "DATE") return call;
  return { ...call, args: call.args.map((value, at) => (at < count ? `CAST(${value} AS DATE)` : value)) };
}

function dateTrunc(call: Call): string {
  return inDates(truncated(call.args[0], partOf(call, call.nodes[1]), call), call);
}

/** Refuses other zones: BigQuery and DuckDB truncate differently in an hour that clocks show twice. */
function timestampTrunc(given: Call): string {
  return inUtc(2, (call) => {
    const part = partOf(call, call.nodes[1]);
    if (part !== "DAY" && microseconds[part]) return `date_trunc('${part}', ${call.args[0]})`;
    return inTimestamps(`CAST(${truncated(`CAST(${call.args[0]} AS DATE)`, part, call)} AS TIMESTAMP)`, call);
  })(given);
}

function dateOf(call: Call): string {
  const kind = kindOf(call.nodes[0]);
  if (kind !== "DATE" && kind !== "TIMESTAMP" && kind !== "DATETIME") call.refuse(`of ${kind}`);
  return inZone(1, ({ args }) => `CAST(${args[0]} AS DATE)`)(call);
}

function madeDate(call: Call): string {
  return inDates(
    attempt(call.args, (...parts) => `make_date(${parts.join(", ")})`, call),
    call,
  );
}

const extracted: Readonly<Record<string, (value: string) => string>> = {
  DAYOFWEEK: (value) => `(date_part('dow', ${value}) + 1)`,
  DAYOFYEAR: (value) => `date_part('doy', ${value})`,
  ISOWEEK: (value) => `date_part('week', ${value})`,
  MILLISECOND: (value) => `(date_part('millisecond', ${value}) % 1000)`,
  MICROSECOND: (value) => `(date_part('microsecond', ${value}) % 1000000)`,
  ...Object.fromEntries(
    ["YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "ISOYEAR"].map((part) => [
      part,
      (value: string) => `date_part('${part.toLowerCase()}', ${value})`,
    ]),
  ),
};

function extract(call: Call): string {
  const [value] = call.args as [string];
  const part = partOf(call, call.nodes[1]);
  const first = firstDay(part);
  if (extracted[part]) return extracted[part](value);
  if (first === undefined) return call.refuse(`of ${part}`);
  // Days before the year's first such weekday are in week 0.
  return bind([value], (v) => `((date_part('doy', ${v}) + 6 - (date_part('dow', ${v}) + ${7 - first}) % 7) // 7)`);
}

/** Counts the whole parts between two TIMESTAMPs, and the boundaries of parts between two DATETIMEs or DATEs. */
function difference(call: Call): string {
  const [kind, other] = call.nodes.map(kindOf);
  if (kind !== other) call.refuse(`of ${kind} and ${other}`);
  const [to, from] = call.args;
  const part = partOf(call, call.nodes[2]);
  const unit = microseconds[part];
  if (kind === "TIMESTAMP")
    return unit ? `((epoch_us(${to}) - epoch_us(${from})) // ${unit})` : call.refuse("of this part");
  if (kind === "DATETIME" && unit && part !== "DAY")
    return `(epoch_us(date_trunc('${part}', ${to})) - epoch_us(date_trunc('${part}', ${from}))) // ${unit}`;
  return kind === "DATE" || kind === "DATETIME" ? dateDiff(onDates(2, call)) : call.refuse(`of ${kind}`);
}

function dateDiff(call: Call): string {
  const [to, from] = call.args as [string, string];
  const part = partOf(call, call.nodes[2]);
  if (part === "DAY") return minusDays(to, from);
  if (part === "ISOYEAR") return `(isoyear(${to}) - isoyear(${from}))`;
  if (firstDay(part) !== undefined)
    return `(${minusDays(truncated(to, part, call), truncated(from, part, call))} // 7)`;
  if (part === "MONTH" || part === "QUARTER" || part === "YEAR") return `date_diff('${part}', ${from}, ${to})`;
  return call.refuse(`of ${part}`);
}

function lastDay(call: Call): string {
  const [value] = call.args;
  const part = call.nodes.length === 1 ? "MONTH" : partOf(call, call.nodes[1]);
  const first = truncated(value, part, call);
  if (firstDay(part) !== undefined) return inDates(`(${first} + 6)`, call);
  if (part === "MONTH" || part === "QUARTER" || part === "YEAR")
    return `CAST(${first} + INTERVAL 1 ${part} - INTERVAL 1 DAY AS DATE)`;
  return call.refuse(`of ${part}`);
}

/** Whole units since 1970, rounded down, also before it. */
function sinceEpoch(value: string | undefined, part: string, unit: number): string {
  return `(epoch_us(date_trunc('${part}', ${value})) // ${unit})`;
}
