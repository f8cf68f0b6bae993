/** A peak of demand in the day: its hour, its standard deviation in hours, its height. */
type Peak = readonly [hour: number, width: number, height: number];

/** How a kind of guest behaves. */
export interface Persona {
  readonly name: string;
  /** Share of the registered customers. */
  readonly share: number;
  /** Orders a week while a customer: the median, and the standard deviation of the logarithm. */
  readonly ordersAWeek: number;
  readonly spread: number;
  /** Demand by weekday, Monday first, with mean 1. */
  readonly weekdays: readonly number[];
  readonly workdayPeaks: readonly Peak[];
  readonly weekendPeaks: readonly Peak[];
  /** Weights of 1 to 5 lines per order, and of 1 to 3 pieces per line. */
  readonly lines: readonly number[];
  readonly pieces: readonly number[];
  /** Added to the share of takeaway in stores with seats. */
  readonly takeaway: number;
  /** Age at registration in years: the least, the most, and how far the mean is above the least. */
  readonly ages: readonly [least: number, most: number, above: number];
}

const everyDay = [1, 1, 1, 1, 1, 1, 1];
const slowMorning: readonly Peak[] = [
  [10.5, 1.6, 1],
  [14.5, 2.4, 0.8],
];

/** The kinds of registered customers. */
export const personas: readonly Persona[] = [
  {
    name: "Daily commuter",
    share: 0.11,
    ordersAWeek: 4.7,
    spread: 0.28,
    weekdays: [1.28, 1.3, 1.3, 1.3, 1.24, 0.36, 0.22],
    workdayPeaks: [
      [8.3, 0.7, 1],
      [17.5, 0.9, 0.35],
    ],
    weekendPeaks: slowMorning,
    lines: [0.6, 0.3, 0.08, 0.015, 0.005],
    pieces: [0.93, 0.06, 0.01],
    takeaway: 0.28,
    ages: [22, 62, 13],
  },
  {
    name: "Remote worker",
    share: 0.11,
    ordersAWeek: 2.8,
    spread: 0.45,
    weekdays: [1.25, 1.3, 1.3, 1.25, 1.1, 0.45, 0.35],
    workdayPeaks: [
      [10, 1.2, 0.8],
      [13.5, 1.2, 1],
    ],
    weekendPeaks: slowMorning,
    lines: [0.25, 0.33, 0.27, 0.1, 0.05],
    pieces: [0.9, 0.08, 0.02],
    takeaway: -0.28,
    ages: [22, 60, 10],
  },
  {
    name: "Student",
    share: 0.17,
    ordersAWeek: 1.9,
    spread: 0.55,
    weekdays: [1, 1.05, 1.05, 1.05, 1.1, 0.95, 0.8],
    workdayPeaks: [
      [12.5, 1.5, 0.7],
      [17, 1.8, 1],
    ],
    weekendPeaks: [[15, 2.6, 1]],
    lines: [0.55, 0.3, 0.11, 0.03, 0.01],
    pieces: [0.82, 0.14, 0.04],
    takeaway: 0,
    ages: [17, 24, 4],
  },
  {
    name: "Weekend bruncher",
    share: 0.15,
    ordersAWeek: 1.2,
    spread: 0.45,
    weekdays: [0.25, 0.25, 0.3, 0.35, 0.65, 2.8, 2.4],
    workdayPeaks: [[12, 2.4, 1]],
    weekendPeaks: [[11.3, 1.3, 1]],
    lines: [0.1, 0.28, 0.34, 0.18, 0.1],
    pieces: [0.66, 0.25, 0.09],
    takeaway: -0.25,
    ages: [20, 75, 14],
  },
  {
    name: "Occasional",
    share: 0.46,
    ordersAWeek: 0.1,
    spread: 0.95,
    weekdays: everyDay,
    workdayPeaks: [[14, 3.2, 1]],
    weekendPeaks: slowMorning,
    lines: [0.4, 0.33, 0.18, 0.06, 0.03],
    pieces: [0.78, 0.17, 0.05],
    takeaway: 0,
    ages: [18, 80, 20],
  },
];

/** Guests without a loyalty card. The store's demand says how many of them come. */
const passerBy: Persona = {
  name: "Passer-by",
  share: 0,
  ordersAWeek: 0,
  spread: 0,
  weekdays: everyDay,
  workdayPeaks: [
    [8.4, 0.9, 1],
    [13.2, 1.3, 0.75],
    [17.4, 1.2, 0.65],
  ],
  weekendPeaks: [
    [11, 1.7, 1],
    [15.5, 2.2, 0.9],
  ],
  lines: [0.4, 0.31, 0.2, 0.06, 0.03],
  pieces: [0.77, 0.17, 0.06],
  takeaway: 0,
  ages: [0, 0, 0],
};

/** All kinds of guests: the personas in their order, then the passer-by. */
export const guests: readonly Persona[] = [...personas, passerBy];
export const PASSER_BY = personas.length;

/** How often a guest orders at a time of day, in hours, if the store is open. */
function demandAt(guest: Persona, weekend: boolean, time: number): number {
  const peaks = weekend ? guest.weekendPeaks : guest.workdayPeaks;
  const bell = ([peak, width, height]: Peak) => height * Math.exp(-(((time - peak) / width) ** 2) / 2);
  // A few orders come all day, even between the peaks.
  return 0.04 + peaks.map(bell).reduce((sum, value) => sum + value, 0);
}

/** How often a guest orders in each hour of a day, if the store is open. */
export function hourWeights(guest: Persona, weekend: boolean): number[] {
  return Array.from({ length: 24 }, (_, hour) => demandAt(guest, weekend, hour + 0.5));
}

/**
 * How demand changes within each hour of a day, above -1 and below 1: 0.5 if three times as many guests come at its end as at its
 * start, -0.5 for the opposite.
 */
export function hourSlopes(guest: Persona, weekend: boolean): Float64Array {
  return Float64Array.from({ length: 24 }, (_, hour) => {
    const [start, end] = [demandAt(guest, weekend, hour), demandAt(guest, weekend, hour + 1)];
    return (end - start) / (end + start);
  });
}
