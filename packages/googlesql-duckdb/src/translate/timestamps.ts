import { inTimestamps } from "./functions/date-arithmetic.ts";
import { attempt, bind, type Casting, orFail, unlessForm } from "./sql.ts";

/** Writes "2024-01-31 12:00:00.500+00", with no, three or six places of the second. */
export function timestampText(value: string, zone = "+00"): string {
  return bind([value], (v) => {
    const form = (places: string) => `strftime(${v}, '%Y-%m-%d %H:%M:%S${places}${zone}')`;
    // Nearly all times are whole seconds, which a cast writes in a fraction of the time.
    return `CASE WHEN epoch_us(${v}) % 1000000 = 0 THEN CAST(CAST(${v} AS TIMESTAMP) AS VARCHAR) || '${zone}'
    WHEN epoch_us(${v}) % 1000 = 0 THEN ${form(".%g")} ELSE ${form(".%f")} END`;
  });
}

/** The same, without a zone. */
export function dateTimeText(value: string): string {
  return timestampText(value, "");
}

/** The parts of a time, each a group of the regular expression. */
const date = "(\\d{4})-(\\d{1,2})-(\\d{1,2})";
const time = "[ Tt]([01]?\\d|2[0-3]):([0-5]?\\d):([0-5]?\\d(?:[.]\\d{1,6})?)";
const offset = "(?:[Zz]| UTC|([+-](?:0?\\d|1[0-3]))(?::([0-5]?\\d))?)?";
/** Forms that GoogleSQL reads and the translation does not: named zones, a second 60, an offset of 14 hours. */
const unread = "\\d{4}-[-\\d]+([ Tt]\\d+:\\d+:(\\d+([.]\\d+)? ?[A-Za-z/].*|60.*|.*[+-]14.*))";

/** Reads a TIMESTAMP from a text, in UTC if it has no offset. */
export function timestampOf(value: string, failing: Casting): string {
  return read(value, `${date}(?:${time}${offset})?`, failing, (part, made) => {
    const minutes = `(60 * ${whole(part(7))} + ${whole(part(8))} * CASE WHEN ${part(7)} LIKE '-%' THEN -1 ELSE 1 END)`;
    return `(${made} - to_minutes(${minutes}))`;
  });
}

/** Reads a DATETIME from a text. */
export function dateTimeOf(value: string, failing: Casting): string {
  return read(value, `${date}(?:${time})?`, failing, (_, made) => made);
}

function read(
  value: string,
  form: string,
  failing: Casting,
  shifted: (part: (group: number) => string, made: string) => string,
): string {
  return bind([value], (v) => {
    const part = (group: number) => `regexp_extract(${v}, '^${form}$', ${group})`;
    const parts = [1, 2, 3, 4, 5].map((group) => whole(part(group)));
    const second = `CAST(coalesce(nullif(${part(6)}, ''), '0') AS DOUBLE)`;
    const made = attempt([v], () => `make_timestamp(${parts.join(", ")}, ${second})`, failing);
    const right = `regexp_full_match(${v}, '${form}')`;
    const result = inTimestamps(shifted(part, made), failing);
    const none = orFail("FALSE", [v], "NULL", "not a time", failing);
    return `CASE WHEN ${right} THEN ${result} ELSE ${unlessForm("such a time", unread, v, failing, none)} END`;
  });
}

/** The digits of a part as a number; 0 if there are none. */
function whole(digits: string): string {
  return `CAST(coalesce(nullif(${digits}, ''), '0') AS BIGINT)`;
}
