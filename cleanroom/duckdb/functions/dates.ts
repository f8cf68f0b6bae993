import type { Node } from "../../googlesql/tree.ts";
import { type Call, functionName, kindOf, literalText, only, type Translate } from "../call.ts";
import { attempt, bind } from "../sql.ts";
import { addToDate, addToTimestamp, inDates, inTimestamps, minusDays, truncated } from "./date-arithmetic.ts";
import { firstDay, microseconds, partOf } from "./date-parts.ts";

/** Dates and timestamps. Those are in UTC, and nothing is known here of other time zones. */
export const dates: Readonly<Record<string, Translate>> = {
  $extract: inUtc(2, extract),
  $extract_date: inUtc(1, ({ args }) => `CAST(${args[0]} AS DATE)`),
  date: (call) => (call.nodes.length === 3 ? madeDate(call) : dateOf(call)),
  timestamp: only(["DATE"], ({ args }) => `CAST(${args[0]} AS TIMESTAMP)`),
  date_add: (call) => addToDate(call.args[0], call.args[1], partOf(call, call.nodes[2]), "+", call),
  date_sub: (call) => addToDate(call.args[0], call.args[1], partOf(call, call.nodes[2]), "-", call),
  timestamp_add: (call) => addToTimestamp(call.args[0], call.args[1], partOf(call, call.nodes[2]), "+", call),
  timestamp_sub: (call) => addToTimestamp(call.args[0], call.args[1], partOf(call, call.nodes[2]), "-", call),
  date_diff: only(["DATE", "ENUM"], dateDiff),
  timestamp_diff: (call) => {
    const unit = microseconds[partOf(call, call.nodes[2])];
    return unit ? `((epoch_us(${call.args[0]}) - epoch_us(${call.args[1]})) // ${unit})` : call.refuse("of this part");
  },
  date_trunc: (call) => (kindOf(call.nodes[0]) === "TIMESTAMP" ? timestampTrunc(call) : dateTrunc(call)),
  timestamp_trunc: timestampTrunc,
  last_day: only(["DATE", "ENUM"], lastDay),
  unix_date: ({ args }) => `(${args[0]} - DATE '1970-01-01')`,
  date_from_unix_date: (call) => addToDate("DATE '1970-01-01'", call.args[0], "DAY", "+", call),
  unix_micros: ({ args }) => `epoch_us(${args[0]})`,
  unix_millis: ({ args }) => sinceEpoch(args[0], "millisecond", 1_000),
  unix_seconds: ({ args }) => sinceEpoch(args[0], "second", 1_000_000),
  timestamp_micros: (call) => addToTimestamp("TIMESTAMP '1970-01-01'", call.args[0], "MICROSECOND", "+", call),
  timestamp_millis: (call) => addToTimestamp("TIMESTAMP '1970-01-01'", call.args[0], "MILLISECOND", "+", call),
  timestamp_seconds: (call) => addToTimestamp("TIMESTAMP '1970-01-01'", call.args[0], "SECOND", "+", call),
};

/** `$add` and `$subtract` where a date or a timestamp is among the arguments; undefined where none is. */
export function dateArithmetic(sign: "+" | "-", call: Call): string | undefined {
  const [left, right] = call.nodes as [Node, Node];
  switch (`${kindOf(left)} ${kindOf(right)}`) {
    case "DATE INT64":
      return addToDate(call.args[0], call.args[1], "DAY", sign, call);
    case "INT64 DATE":
      return addToDate(call.args[1], call.args[0], "DAY", sign, call);
    case "TIMESTAMP INTERVAL":
      if (right.kind !== "FunctionCall" || functionName(right) !== "$interval") return undefined;
      return onInterval(right, sign, call);
    default:
      return undefined;
  }
}

/** `TIMESTAMP ± INTERVAL n PART`, the one place where an INTERVAL may stand. */
function onInterval(interval: Node, sign: "+" | "-", call: Call): string {
  const [count, part] = interval.argumentList as [Node, Node];
  return addToTimestamp(call.args[0], call.sql(count), partOf(call, part), sign, call);
}

/** Refuses a time zone after the `count` arguments that a function has without one, but for UTC. */
function inUtc(count: number, translate: Translate): Translate {
  return (call) => {
    if (call.nodes.length > count && literalText(call, count) !== "UTC") call.refuse("in another time zone than UTC");
    return translate(call);
  };
}

function dateTrunc(call: Call): string {
  if (kindOf(call.nodes[0]) !== "DATE") call.refuse(`of ${kindOf(call.nodes[0])}`);
  return inDates(truncated(call.args[0], partOf(call, call.nodes[1]), call), call);
}

function timestampTrunc(given: Call): string {
  return inUtc(2, (call) => {
    const part = partOf(call, call.nodes[1]);
    if (part !== "DAY" && microseconds[part]) return `date_trunc('${part}', ${call.args[0]})`;
    return inTimestamps(`CAST(${truncated(`CAST(${call.args[0]} AS DATE)`, part, call)} AS TIMESTAMP)`, call);
  })(given);
}

function dateOf(call: Call): string {
  const kind = kindOf(call.nodes[0]);
  if (kind !== "DATE" && kind !== "TIMESTAMP") call.refuse(`of ${kind}`);
  return inUtc(1, ({ args }) => `CAST(${args[0]} AS DATE)`)(call);
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
  // Days before the year's first day of that name are in week 0.
  return bind([value], (v) => `((date_part('doy', ${v}) + 6 - (date_part('dow', ${v}) + ${7 - first}) % 7) // 7)`);
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

/** Whole units since 1970, counted down before it. */
function sinceEpoch(value: string | undefined, part: string, unit: number): string {
  return `(epoch_us(date_trunc('${part}', ${value})) // ${unit})`;
}
