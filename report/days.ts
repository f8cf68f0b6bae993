import { dayOf, isoDay, weekdayOf as weekdayOfNumber } from "../generator/coffee/calendar.ts";

/*
 * A day in the reports is a text `YYYY-MM-DD`, or a number of days since a first day. Time zones do not matter here: the models have
 * already turned times into Kyiv days.
 */

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

export const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;

/** The number of days from one `YYYY-MM-DD` to another. */
export function daysBetween(first: string, day: string): number {
  return dayOf(day) - dayOf(first);
}

/** The day that is `days` after `first`, `YYYY-MM-DD`. */
export function dayAt(first: string, days: number): string {
  return isoDay(dayOf(first) + days);
}

/** The day's place in `weekdays`, 0 for Monday. */
export function weekdayOf(day: string): number {
  return weekdayOfNumber(dayOf(day));
}

/** `24 Nov 2026` */
export function dayName(day: string): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  return `${date} ${MONTHS[month - 1]} ${year}`;
}

/** `24 Nov 2025 – 23 Nov 2026`, or the day alone if both are the same. */
export function rangeName(from: string, to: string): string {
  return from === to ? dayName(from) : `${dayName(from)} – ${dayName(to)}`;
}

/** `Nov 2026`, for any day of the month. */
export function monthName(day: string): string {
  return dayName(day).slice(-8);
}

/** The number of a day's month, counted from year 0, to compare and subtract months. */
export function monthNumber(day: string): number {
  return Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
}

/** The first day of the month with this `monthNumber`. */
export function monthAt(number: number): string {
  return `${String(Math.floor(number / 12)).padStart(4, "0")}-${String((number % 12) + 1).padStart(2, "0")}-01`;
}
