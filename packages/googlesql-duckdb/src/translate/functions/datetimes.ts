import { type Call, kindOf, type Translate } from "../call.ts";
import { attempt, bind, orFail } from "../sql.ts";
import { addToDate, addToTimestamp, inTimestamps } from "./date-arithmetic.ts";
import { partOf } from "./date-parts.ts";
import { inZone, local } from "./zones.ts";

/** The time of the query. All of the query sees the same. */
const now = "make_timestamp(epoch_us(now()))";

/** The current time; DATETIME and TIME, which have no zone. */
export const dateTimes: Readonly<Record<string, Translate>> = {
  current_timestamp: () => now,
  current_date: (call) => `CAST(${local(now, call, 0)} AS DATE)`,
  current_datetime: (call) => local(now, call, 0),
  current_time: (call) => `CAST(${local(now, call, 0)} AS TIME)`,
  $extract_datetime: inZone(1, ({ args }) => args[0] as string),
  $extract_time: inZone(1, ({ args }) => `CAST(${args[0]} AS TIME)`),
  datetime: (call) => {
    switch (call.nodes.map(kindOf).slice(0, 2).join(" ")) {
      case "DATE":
        return `CAST(${call.args[0]} AS TIMESTAMP)`;
      case "DATE TIME":
        return `(${call.args.join(" + ")})`;
      case "TIMESTAMP":
      case "TIMESTAMP STRING":
        return local(call.args[0] as string, call, 1);
      case "INT64 INT64":
        return made(call);
      default:
        return call.refuse(`of ${kindOf(call.nodes[0])}`);
    }
  },
  time: (call) => {
    const kind = kindOf(call.nodes[0]);
    if (kind === "INT64") return `CAST(${made({ ...call, args: ["1970", "1", "1", ...call.args] })} AS TIME)`;
    if (kind !== "TIMESTAMP" && kind !== "DATETIME") return call.refuse(`of ${kind}`);
    return `CAST(${local(call.args[0] as string, call, 1)} AS TIME)`;
  },
  datetime_add: (call) => moved("+", call),
  datetime_sub: (call) => moved("-", call),
};

/** Adds parts to a date or a time, or subtracts them. */
export function moved(sign: "+" | "-", call: Call): string {
  const [value, count] = call.args;
  const part = partOf(call, call.nodes[2]);
  if (kindOf(call.nodes[0]) === "DATE") return addToDate(value, count, part, sign, call);
  if (kindOf(call.nodes[0]) === "TIME") return call.refuse("of TIME");
  return addToTimestamp(value, count, part, sign, call);
}

/** Makes a DATETIME of year, month, day, hour, minute and second. */
function made(call: Call): string {
  return bind(call.args, (...parts) => {
    const time = attempt(parts, () => `make_timestamp(${parts.join(", ")})`, call);
    // DuckDB accepts an hour 24.
    return orFail(`${parts[3]} < 24`, parts, inTimestamps(time, call), "hours go from 0 to 23", call);
  });
}
