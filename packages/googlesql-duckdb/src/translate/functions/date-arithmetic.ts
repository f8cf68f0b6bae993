import type { Call } from "../call.ts";
import { bind, checked, type Failing, orFail } from "../sql.ts";
import { firstDay, microseconds, months } from "./date-parts.ts";

type Sql = string | undefined;

const outOfDates = "a date beyond 0001-01-01 to 9999-12-31";
const outOfTimestamps = "a timestamp beyond the years 1 to 9999";

/** Requires a date of GoogleSQL's range. DuckDB's is larger. */
export function inDates(value: string, failing: Failing): string {
  const isRight = (v: string) => `${v} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'`;
  return checked(value, isRight, outOfDates, failing);
}

/** Requires a timestamp of GoogleSQL's range. */
export function inTimestamps(value: string, failing: Failing): string {
  const isRight = (v: string) => `${v} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'`;
  return checked(value, isRight, outOfTimestamps, failing);
}

export function addToDate(value: Sql, count: Sql, part: string, sign: "+" | "-", call: Call): string {
  const days = part === "DAY" ? 1 : part === "WEEK" ? 7 : undefined;
  const step = days ?? months[part] ?? call.refuse(`of ${part}`);
  const added = (v: string, n: string) =>
    days === undefined
      ? `CAST(${v} ${sign} to_months(CAST(${n} * ${step} AS INTEGER)) AS DATE)`
      : `(${v} ${sign} CAST(${n} * ${step} AS INTEGER))`;
  // More days or months than the range has, and few enough not to overflow in DuckDB.
  const far = Math.ceil((days === undefined ? 130_000 : 4_000_000) / step);
  return bind([value as string, count as string], (v, n) =>
    orFail(`${n} BETWEEN -${far} AND ${far}`, [v, n], inDates(added(v, n), call), outOfDates, call),
  );
}

export function addToTimestamp(value: Sql, count: Sql, part: string, sign: "+" | "-", call: Call): string {
  if (months[part]) return addMonths(value, count, months[part], sign, call);
  const unit = part === "WEEK" ? 7 * 86_400_000_000 : (microseconds[part] ?? call.refuse(`of ${part}`));
  const far = Math.ceil((4_000_000 * 86_400_000_000) / unit);
  return bind([value as string, count as string], (v, n) => {
    const added = `(${v} ${sign} to_microseconds(${n} * ${unit}::BIGINT))`;
    return orFail(`${n} BETWEEN -${far} AND ${far}`, [v, n], inTimestamps(added, call), outOfTimestamps, call);
  });
}

function addMonths(value: Sql, count: Sql, step: number, sign: "+" | "-", call: Call): string {
  const far = Math.ceil(130_000 / step);
  return bind([value as string, count as string], (v, n) => {
    const added = `(${v} ${sign} to_months(CAST(${n} * ${step} AS INTEGER)))`;
    return orFail(`${n} BETWEEN -${far} AND ${far}`, [v, n], inTimestamps(added, call), outOfTimestamps, call);
  });
}

export function minusDays(value: string, other: string): string {
  return `(${value} - ${other})`;
}

/** The first day of the part that a date is in. It may be before GoogleSQL's first date. */
export function truncated(value: Sql, part: string, call: Call): string {
  const first = firstDay(part);
  if (part === "DAY") return value as string;
  if (months[part]) return `CAST(date_trunc('${part}', ${value}) AS DATE)`;
  if (part === "ISOYEAR") return `CAST(date_trunc('week', make_date(isoyear(${value}), 1, 4)) AS DATE)`;
  if (first === undefined) return call.refuse(`of ${part}`);
  return bind([value as string], (v) => `(${v} - CAST((date_part('dow', ${v}) + ${7 - first}) % 7 AS INTEGER))`);
}
