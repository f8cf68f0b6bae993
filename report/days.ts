import { dayOf, isoDay, weekdayOf as weekdayOfNumber } from "../generator/coffee/calendar.ts";

/*
 * Days as the reports count them: `YYYY-MM-DD`, or a number of days since a first one. No time zone plays a part: the models made the
 * days in Kyiv time.
 */

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

export const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;

/** Days from one `YYYY-MM-DD` to another. */
export function daysFrom(first: string, day: string): number {
  return dayOf(day) - dayOf(first);
}

/** The `YYYY-MM-DD` so many days after `first`. */
export function dayAt(first: string, days: number): string {
  return isoDay(dayOf(first) + days);
}

/** Place in `weekdays`. */
export function weekdayOf(day: string): number {
  return weekdayOfNumber(dayOf(day));
}

/** `24 Nov 2026` */
export function dayName(day: string): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  return `${date} ${MONTHS[month - 1]} ${year}`;
}

/** `24 Nov 2025 – 23 Nov 2026`, or the one day. */
export function rangeName(from: string, to: string): string {
  return from === to ? dayName(from) : `${dayName(from)} – ${dayName(to)}`;
}

/** `Nov 2026`, of any day of the month. */
export function monthName(day: string): string {
  return dayName(day).slice(-8);
}

/** Months since year 0, of a day's month: to compare and subtract. */
export function monthNumber(day: string): number {
  return Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
}

/** First day of the month that `monthNumber` gave. */
export function monthAt(number: number): string {
  return `${String(Math.floor(number / 12)).padStart(4, "0")}-${String((number % 12) + 1).padStart(2, "0")}-01`;
}
