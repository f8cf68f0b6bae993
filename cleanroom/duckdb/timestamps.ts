import { inTimestamps } from "./functions/date-arithmetic.ts";
import { attempt, bind, type Casting, orFail, unlessForm } from "./sql.ts";

/** "2024-01-31 12:00:00.500+00": no places of the second, or three, or six. */
export function timestampText(value: string, zone = "+00"): string {
  return bind([value], (v) => {
    const form = (places: string) => `strftime(${v}, '%Y-%m-%d %H:%M:%S${places}${zone}')`;
    return `CASE WHEN epoch_us(${v}) % 1000000 = 0 THEN ${form("")}
    WHEN epoch_us(${v}) % 1000 = 0 THEN ${form(".%g")} ELSE ${form(".%f")} END`;
  });
}

/** The same without a zone. */
export function dateTimeText(value: string): string {
  return timestampText(value, "");
}

/** The parts of a time in a text, each a group. */
const date = "(\\d{4})-(\\d{1,2})-(\\d{1,2})";
const time = "[ Tt]([01]?\\d|2[0-3]):([0-5]?\\d):([0-5]?\\d(?:[.]\\d{1,6})?)";
const offset = "(?:[Zz]| UTC|([+-](?:0?\\d|1[0-3]))(?::([0-5]?\\d))?)?";
/** Forms of times that GoogleSQL reads, too. */
const unread = "\\d{4}-[-\\d]+([ Tt]\\d+:\\d+:(\\d+([.]\\d+)? ?[A-Za-z/].*|60.*|.*[+-]14.*))";

/** A text as a TIMESTAMP, in UTC where it has no zone; the names of others cannot be read. */
export function timestampOf(value: string, failing: Casting): string {
  return read(value, `${date}(?:${time}${offset})?`, failing, (part, made) => {
    const minutes = `(60 * ${whole(part(7))} + ${whole(part(8))} * CASE WHEN ${part(7)} LIKE '-%' THEN -1 ELSE 1 END)`;
    return `(${made} - to_minutes(${minutes}))`;
  });
}

/** A text as a DATETIME. */
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

/** The digits of a part, none for 0. */
function whole(digits: string): string {
  return `CAST(coalesce(nullif(${digits}, ''), '0') AS BIGINT)`;
}
