import type { Node } from "../../analyser/node.ts";
import type { Call } from "../call.ts";

/** The parts of a date, in the order of the analyser's enumeration, which starts at 1. */
const parts = [
  ..."YEAR MONTH DAY DAYOFWEEK DAYOFYEAR QUARTER HOUR MINUTE SECOND MILLISECOND MICROSECOND NANOSECOND DATE WEEK".split(
    " ",
  ),
  ..."DATETIME TIME ISOYEAR ISOWEEK WEEK_MONDAY WEEK_TUESDAY WEEK_WEDNESDAY WEEK_THURSDAY WEEK_FRIDAY WEEK_SATURDAY".split(
    " ",
  ),
];

/** The part of a date that an argument names: "MONTH". */
export function partOf(call: Call, node: Node | undefined): string {
  const { enumValue } = (node?.value as { value?: { enumValue?: number } } | undefined)?.value ?? {};
  return parts[Number(enumValue) - 1] ?? call.refuse("of this part of a date");
}

/** The first day of a kind of week, 0 for Sunday; undefined if the part is not a week. */
export function firstDay(part: string): number | undefined {
  const first = [
    "WEEK",
    "WEEK_MONDAY",
    "WEEK_TUESDAY",
    "WEEK_WEDNESDAY",
    "WEEK_THURSDAY",
    "WEEK_FRIDAY",
    "WEEK_SATURDAY",
  ];
  const day = first.indexOf(part);
  return part === "ISOWEEK" ? 1 : day < 0 ? undefined : day;
}

/** Parts of a fixed length, in microseconds. */
export const microseconds: Readonly<Record<string, number>> = {
  MICROSECOND: 1,
  MILLISECOND: 1_000,
  SECOND: 1_000_000,
  MINUTE: 60_000_000,
  HOUR: 3_600_000_000,
  DAY: 86_400_000_000,
};

/** Parts of a varying length, in months. */
export const months: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };
