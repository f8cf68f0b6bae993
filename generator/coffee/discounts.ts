export interface Promotion {
  readonly code: string;
  readonly percent: number;
  /** Whether it runs on a day: `MM-DD` and the weekday, 0 for Monday. */
  readonly runs: (monthAndDay: string, weekday: number) => boolean;
  /** Hours in which it runs, [from, to); all day if there are none. */
  readonly hours?: { readonly from: number; readonly to: number };
}

/** The promotions. Of those that run in an hour, the first one is offered. */
export const promotions: readonly Promotion[] = [
  { code: "HAPPYHOUR20", percent: 20, runs: (_, weekday) => weekday === 1, hours: { from: 15, to: 18 } },
  { code: "WINTER10", percent: 10, runs: (on) => on >= "01-15" && on <= "02-07" },
  { code: "SPRING5", percent: 5, runs: (on) => on >= "04-01" && on <= "04-30" },
  { code: "SUMMER15", percent: 15, runs: (on) => on >= "07-01" && on <= "07-14" },
  { code: "COFFEEDAY15", percent: 15, runs: (on) => on >= "09-28" && on <= "10-04" },
  { code: "ADVENT10", percent: 10, runs: (on) => on >= "12-06" && on <= "12-24" },
];

/**
 * The promotion offered in each hour of a day, as an index into `promotions`; -1 if there is none.
 * @param monthAndDay `MM-DD`
 * @param weekday 0 for Monday
 */
export function offersOn(monthAndDay: string, weekday: number): Int8Array {
  return Int8Array.from({ length: 24 }, (_, hour) =>
    promotions.findIndex(
      ({ runs, hours }) =>
        runs(monthAndDay, weekday) && (hours === undefined || (hour >= hours.from && hour < hours.to)),
    ),
  );
}

/** Levels of the loyalty programme, lowest first, with the mean number of days for which their members stay. */
export const loyaltyLevels = [
  { percent: 3, tier: "Bean", meanStayDays: 360 },
  { percent: 5, tier: "Bronze", meanStayDays: 560 },
  { percent: 7, tier: "Silver", meanStayDays: 800 },
  { percent: 10, tier: "Gold", meanStayDays: 1100 },
  { percent: 15, tier: "Platinum", meanStayDays: 1500 },
] as const;
