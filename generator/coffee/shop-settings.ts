import { createHash } from "node:crypto";
import { UserError } from "../errors.ts";
import { isoDay, parseDay } from "./calendar.ts";

/** The chain's first day of trade. */
export const FIRST_DAY = "2022-01-10";
/** The last day with prices and growth. */
export const LAST_DAY = "2031-12-31";
/** The scale of a busy chain: about 220 orders per shop and day in 2026. */
export const LIVING_SCALE = 10;
/** At a larger scale, the busiest store could take more orders a day than the five digits of an order's number can count. */
export const MAX_SCALE = 500;
const MAX_SHARDS = 99_999;
/** Raise it with every change to the rows that a seed gives: it is part of the run's name. */
export const MODEL_VERSION = 11;

export interface CoffeeOptions {
  /** An integer from 0 to 4294967295; another seed gives other rows. */
  readonly seed: number;
  /** Last day, `YYYY-MM-DD`. */
  readonly until: string;
  /** The number of days up to `until`; by default all since `FIRST_DAY`. */
  readonly days?: number;
  /** Multiplies orders and customers; 1 gives about 150,000 orders until November 2026, and in 2026 about 22 per shop and day. */
  readonly scale: number;
  /** The shard that this process writes, from 0, and the number of shards. */
  readonly shard: { readonly index: number; readonly count: number };
}

/** Checked options, with the days as numbers. */
export interface CoffeeSettings {
  readonly seed: number;
  readonly scale: number;
  readonly firstDay: number;
  readonly untilDay: number;
  readonly shard: { readonly index: number; readonly count: number };
  /** The name of the run's folder: the same for all shards of a run, and different for other settings. */
  readonly run: string;
  /** The name of the folder of whole months, which all runs with the same rows share: it depends on neither the days nor the shards. */
  readonly monthsFolder: string;
}

/** Checks the options. Throws one UserError that lists every wrong setting, its value and what is allowed. */
export function checkSettings({ seed, until, days, scale, shard }: CoffeeOptions): CoffeeSettings {
  const wrong: string[] = [];
  const check = (right: boolean, setting: string, value: unknown, allowed: string): void => {
    if (!right) wrong.push(`  ${setting} is ${typeof value === "string" ? `"${value}"` : value}: use ${allowed}`);
  };
  const start = parseDay(FIRST_DAY) as number;
  const untilDay = parseDay(until);
  const untilIsRight = untilDay !== undefined && until >= FIRST_DAY && until <= LAST_DAY;

  check(isInteger(seed, 0, 0xffffffff), "seed", seed, "an integer from 0 to 4294967295");
  const lastDays = `a day from ${FIRST_DAY} to ${LAST_DAY}, as YYYY-MM-DD`;
  check(untilIsRight, "until", until, `${lastDays} (by default it is yesterday by this machine's clock)`);
  if (days !== undefined) {
    const most = untilIsRight ? untilDay - start + 1 : Number.MAX_SAFE_INTEGER;
    const allowed = untilIsRight
      ? `an integer from 1 to ${most}, which reaches back to ${FIRST_DAY}`
      : "an integer from 1";
    check(isInteger(days, 1, most), "days", days, allowed);
  }
  check(scale > 0 && scale <= MAX_SCALE, "scale", scale, `a number above 0, up to ${MAX_SCALE}`);
  const countIsRight = isInteger(shard.count, 1, MAX_SHARDS);
  check(countIsRight, "shard count", shard.count, `an integer from 1 to ${MAX_SHARDS}`);
  const last = countIsRight ? shard.count - 1 : MAX_SHARDS - 1;
  check(
    isInteger(shard.index, 0, last),
    "shard index",
    shard.index,
    `an integer from 0 to ${last}, below the shard count`,
  );

  if (wrong.length > 0 || untilDay === undefined) {
    throw new UserError(`the coffee shop cannot be generated with these settings\n${wrong.join("\n")}`);
  }
  const firstDay = days === undefined ? start : untilDay - days + 1;
  const run = `${until}-${digest(MODEL_VERSION, seed, scale, isoDay(firstDay), until, shard.count)}`;
  const monthsFolder = `months-${digest(MODEL_VERSION, seed, scale)}`;
  return { seed, scale, firstDay, untilDay, shard, run, monthsFolder };
}

function digest(...values: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 8);
}

function isInteger(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}

/** A calendar month of a run, or the part of one that the run's days cover. */
export interface Month {
  /** `YYYY-MM` */
  readonly name: string;
  /** Its days in the run, as [from, to). */
  readonly from: number;
  readonly to: number;
  /** Whether the run covers the whole month, or all of the chain's first month: then a later run has the same rows, and keeps its files. */
  readonly isWhole: boolean;
}

/** The months of a run, in order. */
function monthsOf({ firstDay, untilDay }: Pick<CoffeeSettings, "firstDay" | "untilDay">): Month[] {
  const months: Month[] = [];
  for (let from = firstDay; from <= untilDay; ) {
    const name = isoDay(from).slice(0, 7);
    const [year = 0, month = 0] = name.split("-").map(Number);
    const next = Date.UTC(year, month, 1) / 86_400_000;
    const to = Math.min(next, untilDay + 1);
    const begins = isoDay(from).endsWith("-01") || isoDay(from) === FIRST_DAY;
    months.push({ name, from, to, isWhole: begins && to === next });
    from = to;
  }
  return months;
}

/** The months of a shard. Each month belongs to one shard, so that its files are the same however many shards there are. */
export function shardMonths(settings: CoffeeSettings): Month[] {
  const { index, count } = settings.shard;
  const months = monthsOf(settings);
  return months.slice(Math.floor((months.length * index) / count), Math.floor((months.length * (index + 1)) / count));
}

/** `-00001-of-00004`. */
export function shardMark(index: number, count: number): string {
  return `-${String(index + 1).padStart(5, "0")}-of-${String(count).padStart(5, "0")}`;
}
