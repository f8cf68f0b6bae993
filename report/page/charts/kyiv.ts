/*
 * A sketch of Kyiv for the map of stores: a few points each for the Dnipro and the city's limits, accurate to a street or two. That is
 * enough to see which bank a store is on, and how far apart two stores are.
 */

export type Point = readonly [longitude: number, latitude: number];

/** The river from north to south, with its width in kilometres. */
export const dnipro: readonly (readonly [...Point, width: number])[] = [
  [30.529, 50.62, 0.9],
  [30.517, 50.57, 0.9],
  [30.53, 50.535, 0.8],
  [30.532, 50.505, 0.75],
  [30.537, 50.478, 0.7],
  [30.54, 50.462, 0.6],
  [30.556, 50.447, 0.55],
  [30.568, 50.436, 0.55],
  [30.579, 50.422, 0.6],
  [30.583, 50.405, 0.7],
  [30.583, 50.385, 0.8],
  [30.594, 50.36, 0.9],
  [30.62, 50.32, 1.0],
  [30.66, 50.27, 1.1],
  [30.7, 50.21, 1.2],
];

/** The city's limits. */
export const city: readonly Point[] = [
  [30.26, 50.44],
  [30.32, 50.52],
  [30.4, 50.545],
  [30.43, 50.57],
  [30.5, 50.58],
  [30.58, 50.56],
  [30.62, 50.54],
  [30.69, 50.53],
  [30.74, 50.49],
  [30.8, 50.45],
  [30.78, 50.41],
  [30.73, 50.37],
  [30.66, 50.36],
  [30.6, 50.31],
  [30.55, 50.24],
  [30.48, 50.26],
  [30.44, 50.32],
  [30.38, 50.35],
  [30.34, 50.39],
  [30.28, 50.41],
];
