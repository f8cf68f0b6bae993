import { type Call, literalText, type Translate } from "../call.ts";
import { attempt, bind, orFail, text } from "../sql.ts";
import { inDates } from "./date-arithmetic.ts";
import { local } from "./zones.ts";

/** Dates and timestamps as texts, by literal formats. */
export const dateFormats: Readonly<Record<string, Translate>> = {
  format_date: (call) => formatted(call, ofDates),
  format_datetime: (call) => formatted(call, { ...ofDates, ...ofTimes }),
  format_timestamp: (call) => {
    const value = call.args[1] as string;
    const there = local(value, call, 2);
    // Offsets and names of other zones are not supported.
    const zone = there === value ? ofUtc : {};
    return formatted({ ...call, args: ["", there] }, { ...ofDates, ...ofTimes, ...zone });
  },
  parse_date: parsed,
};

/** An element of a format: DuckDB's own element, or an expression of the value. */
type Piece = string | ((value: string) => string);

const own = (elements: string) => Object.fromEntries([...elements].map((element) => [element, `%${element}`]));

const ofDates: Readonly<Record<string, Piece>> = {
  ...own("mdBbAajyuwUWGV%"),
  // GoogleSQL does not pad %Y with zeros.
  Y: (value) => `CAST(year(${value}) AS VARCHAR)`,
  E4Y: "%Y",
  h: "%b",
  F: "%Y-%m-%d",
  D: "%m/%d/%y",
  x: "%m/%d/%y",
  e: (value) => `lpad(CAST(day(${value}) AS VARCHAR), 2, ' ')`,
  Q: (value) => `CAST(quarter(${value}) AS VARCHAR)`,
};

const ofTimes: Readonly<Record<string, Piece>> = {
  ...own("HMSIp"),
  T: "%H:%M:%S",
  X: "%H:%M:%S",
  R: "%H:%M",
};

const ofUtc: Readonly<Record<string, Piece>> = {
  Z: "UTC",
  z: "+0000",
  Ez: "+00:00",
};

function formatted(call: Call, known: Readonly<Record<string, Piece>>): string {
  const pieces = literalText(call, 0).match(/%(E(\d|\*)?)?.|[^%]+|%$/gs) ?? [];
  return bind([call.args[1] as string], (value) => {
    const made = pieces.map((piece) => {
      if (!piece.startsWith("%")) return `strftime(${value}, ${text(piece)})`;
      const element = known[piece.slice(1)] ?? call.refuse(`with ${piece}`);
      return typeof element === "string" ? `strftime(${value}, ${text(element)})` : element(value);
    });
    return made.length === 0 ? call.refuse("with an empty format") : `(${made.join(" || ")})`;
  });
}

/** A format with %Y-%m-%d for %F. */
export function withoutF(format: string): string {
  return format.replace(/%(.)/gs, (element) => (element === "%F" ? "%Y-%m-%d" : element));
}

/** Reads a date by a format of digits, such as "%Y-%m-%d" or "%Y%m%d". */
function parsed(call: Call): string {
  const format = withoutF(literalText(call, 0));
  const order = [...format.matchAll(/%(.)/g)].map(([, element]) => element as string);
  const separated = /^%[Ymd](?:[-/.,_]%[Ymd])*$/.test(format);
  if (!(separated || format === "%Y%m%d") || !order.includes("Y") || new Set(order).size < order.length)
    call.refuse(`with the format ${format}`);
  const digits: Readonly<Record<string, string>> = separated
    ? { Y: "0*(\\d{1,4})", m: "(\\d{1,2})", d: "(\\d{1,2})" }
    : { Y: "(\\d{4})", m: "(\\d{2})", d: "(\\d{1,2})" };
  const form = text(
    `\\s*${format.replace(/[.]/g, "[.]").replace(/%(.)/g, (_, element) => digits[element] as string)}\\s*`,
  );
  return bind([call.args[1] as string], (value) => {
    const part = (element: string) =>
      order.includes(element)
        ? `CAST(regexp_extract(${value}, ${form}, ${order.indexOf(element) + 1}) AS INTEGER)`
        : "1";
    const date = attempt([value], () => `make_date(${["Y", "m", "d"].map(part).join(", ")})`, call);
    return orFail(
      `regexp_full_match(${value}, ${form})`,
      [value],
      inDates(date, call),
      "a text not of the format",
      call,
    );
  });
}
