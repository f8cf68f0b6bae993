import type { SalesSummary } from "./summary.ts";

/** A figure that is charted day by day. */
export type DailyFigure = "net" | "orders";

export interface CoursePoint {
  readonly day: string;
  readonly value: number;
  /** The average of `length` days up to this one, those before the selection too; NaN while the data has fewer days. */
  readonly average: number;
  /** The value 52 weeks earlier; NaN if the data does not reach back that far. */
  readonly yearBefore: number;
  /** The average of the same days 52 weeks earlier; NaN likewise. */
  readonly averageBefore: number;
}

/** The days of a selection with a moving average, beside those of a year before. */
export interface Course {
  /** Days in the average. */
  readonly length: number;
  readonly points: readonly CoursePoint[];
}

/** From this many days on, the average is over four weeks, else over one. */
const MANY = 120;

export function courseOf(
  { daily, closedDays, dailyBefore, dailyYearBefore }: SalesSummary,
  figure: DailyFigure,
): Course {
  const length = daily.length > MANY ? 28 : 7;
  const now = [...dailyBefore, ...daily.slice(closedDays)].map((day) => day[figure]);
  const then = dailyYearBefore?.map((day) => day[figure]) ?? [];
  const nowAverages = averages(now, length).slice(dailyBefore.length);
  // Both lists end with the selection's last day.
  const lead = then.length - daily.length;
  const thenAverages = averages(then, length);
  return {
    length,
    points: daily.map((day, i) => ({
      day: day.day,
      value: day[figure],
      average: nowAverages[i - closedDays] ?? Number.NaN,
      yearBefore: then[lead + i] ?? Number.NaN,
      averageBefore: thenAverages[lead + i] ?? Number.NaN,
    })),
  };
}

/** The average of `length` values up to each; NaN while there are fewer. */
function averages(values: readonly number[], length: number): number[] {
  let sum = 0;
  return values.map((value, i) => {
    sum += value - (i >= length ? (values[i - length] ?? 0) : 0);
    return i + 1 < length ? Number.NaN : sum / length;
  });
}
