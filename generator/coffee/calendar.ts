/** In this folder, days are numbers counted from 1970-01-01. Only input and output have dates as text. */

const MS_A_DAY = 86_400_000;

/** The number of a day from its `YYYY-MM-DD` text, or undefined if there is no such day (such as 2026-02-30). */
export function parseDay(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(ms)) return undefined;
  const day = ms / MS_A_DAY;
  return isoDay(day) === text ? day : undefined;
}

/** Like `parseDay`, for days in the source code: throws if there is no such day. */
export function dayOf(text: string): number {
  const day = parseDay(text);
  if (day === undefined) throw new Error(`${text} is not a day`);
  return day;
}

const isoDays = new Map<number, string>();

/** `YYYY-MM-DD` of a day's number. Formatting dates is slow and every customer needs some, so keep each text. */
export function isoDay(day: number): string {
  let text = isoDays.get(day);
  if (text === undefined) {
    text = new Date(day * MS_A_DAY).toISOString().slice(0, 10);
    isoDays.set(day, text);
  }
  return text;
}

/** The number of a day's month: months since the year 0. */
export function monthOf(day: number): number {
  const iso = isoDay(day);
  return Number(iso.slice(0, 4)) * 12 + Number(iso.slice(5, 7)) - 1;
}

/** Day of the week, 0 for Monday to 6 for Sunday. */
export function weekdayOf(day: number): number {
  return (day + 3) % 7;
}

const kyivOffset = new Intl.DateTimeFormat("en", { timeZone: "Europe/Kyiv", timeZoneName: "longOffset" });

/**
 * How many hours Kyiv is ahead of UTC at noon of a day: 2 or 3. Clocks change between 3 and 4 at night, when all stores are closed,
 * so one offset holds for all orders of a day.
 */
export function kyivOffsetHours(day: number): number {
  return offsetAt((day + 0.5) * MS_A_DAY);
}

function offsetAt(ms: number): number {
  const instant = new Date(ms);
  const offset = kyivOffset.formatToParts(instant).find(({ type }) => type === "timeZoneName")?.value ?? "";
  const hours = /^GMT\+(\d{2}):00$/.exec(offset)?.[1];
  if (hours === undefined)
    throw new Error(`Europe/Kyiv at ${instant.toISOString()} is "${offset}", not whole hours ahead of UTC`);
  return Number(hours);
}

/** A time in which Kyiv stays the same number of hours ahead of UTC. */
export interface KyivTime {
  readonly hours: number;
  /** The instant at which it ends, `YYYY-MM-DD HH:00:00` in UTC; undefined for the last one. */
  readonly end: string | undefined;
}

/** How far Kyiv is ahead of UTC from one day to another, in order: two times a year. */
export function kyivTimes(firstDay: number, lastDay: number): KyivTime[] {
  const times: KyivTime[] = [];
  // A day in Kyiv begins on the day before in UTC.
  const end = (lastDay + 1) * MS_A_DAY;
  let hours = offsetAt((firstDay - 1) * MS_A_DAY);
  for (let ms = (firstDay - 1) * MS_A_DAY; ms < end; ms += MS_A_DAY) {
    if (offsetAt(ms + MS_A_DAY) === hours) continue;
    let change = ms;
    while (offsetAt(change) === hours) change += MS_A_DAY / 24;
    times.push({ hours, end: new Date(change).toISOString().slice(0, 19).replace("T", " ") });
    hours = offsetAt(change);
  }
  return [...times, { hours, end: undefined }];
}
