export interface Promotion {
  readonly code: string;
  readonly percent: number;
  /** Orders in its hours, relative to those without it. */
  readonly lift: number;
  /** Whether it runs on a day, `YYYY-MM-DD`, of a weekday, 0 for Monday. */
  readonly runs: (day: string, weekday: number) => boolean;
  /** Hours in which it runs, [from, to); all day if there are none. */
  readonly hours?: { readonly from: number; readonly to: number };
}

/** In the first months of the full-scale invasion, the chain runs no promotions. */
const paused = (day: string): boolean => day >= "2022-02-24" && day <= "2022-05-31";

/** Whether a promotion runs every year from one `MM-DD` to another. */
const everyYear =
  (first: string, last: string): Promotion["runs"] =>
  (day) =>
    !paused(day) && day.slice(5) >= first && day.slice(5) <= last;

/** The promotions. If several run in an hour, the first one is offered. */
export const promotions: readonly Promotion[] = [
  {
    code: "HAPPYHOUR20",
    percent: 20,
    lift: 1.25,
    runs: (day, weekday) => weekday === 1 && !paused(day),
    hours: { from: 15, to: 18 },
  },
  { code: "WINTER10", percent: 10, lift: 1.07, runs: everyYear("01-15", "02-07") },
  { code: "SPRING5", percent: 5, lift: 1.03, runs: everyYear("04-01", "04-30") },
  { code: "SUMMER15", percent: 15, lift: 1.1, runs: everyYear("07-01", "07-14") },
  { code: "COFFEEDAY15", percent: 15, lift: 1.1, runs: everyYear("09-28", "10-04") },
  { code: "ADVENT10", percent: 10, lift: 1.06, runs: everyYear("12-06", "12-24") },
];

/**
 * The promotion offered in each hour of a day, as an index into `promotions`; -1 if there is none.
 * @param day `YYYY-MM-DD`
 * @param weekday 0 for Monday
 */
export function offersOn(day: string, weekday: number): Int8Array {
  return Int8Array.from({ length: 24 }, (_, hour) =>
    promotions.findIndex(
      ({ runs, hours }) => runs(day, weekday) && (hours === undefined || (hour >= hours.from && hour < hours.to)),
    ),
  );
}

/** Whether a promotion runs all day, `YYYY-MM-DD`, which makes some people register. */
export function isCampaign(day: string, weekday: number): boolean {
  return promotions.some(({ runs, hours }) => hours === undefined && runs(day, weekday));
}

/** Levels of the loyalty programme, lowest first, with the mean number of days for which their members stay. */
export const loyaltyLevels = [
  { percent: 3, tier: "Bean", meanStayDays: 900 },
  { percent: 5, tier: "Bronze", meanStayDays: 900 },
  { percent: 7, tier: "Silver", meanStayDays: 1000 },
  { percent: 10, tier: "Gold", meanStayDays: 1100 },
  { percent: 15, tier: "Platinum", meanStayDays: 1500 },
] as const;
