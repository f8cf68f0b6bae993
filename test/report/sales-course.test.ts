import { expect } from "chai";
import fc from "fast-check";
import { dayAt } from "../../report/days.ts";
import { courseOf } from "../../report/sales/course.ts";
import type { SalesCube } from "../../report/sales/shape.ts";
import { summariseSales } from "../../report/sales/summary.ts";
import { cubeOf, type Order } from "./orders.ts";

const order: Order = {
  day: 0,
  store: 0,
  orderType: 0,
  hour: 8,
  refunded: false,
  lines: [{ product: 0, items: 1 }],
  reason: undefined,
};

/** A shop that takes `(day % 5) + 1` orders on each day, for two years. */
const FIRST = "2023-01-01";
const DAYS = 730;
const ordersOn = (day: number) => (day % 5) + 1;
const steady: SalesCube = {
  ...cubeOf(
    Array.from({ length: DAYS }, (_, day) => day).flatMap((day) =>
      Array.from({ length: ordersOn(day) }, () => ({ ...order, day })),
    ),
  ),
  days: { first: FIRST, count: DAYS },
};
const mean = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => ordersOn(from + i)).reduce((sum, n) => sum + n, 0) / (to - from + 1);

describe("the course of the days", () => {
  const course = (from: number, to: number, stores: string[] = []) =>
    courseOf(
      summariseSales(steady, { from: dayAt(FIRST, from), to: dayAt(FIRST, to), stores, orderTypes: [] }),
      "orders",
    );

  it("averages each day with those before it, also those before the selection", () =>
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 600 }), fc.constantFrom(1, 30, 119, 125), (from, days) => {
        const { length, points } = course(from, from + days - 1);
        expect(length).to.equal(days > 120 ? 28 : 7);
        expect(points.length).to.equal(days);
        for (const [i, { value, average, yearBefore, averageBefore }] of points.entries()) {
          const day = from + i;
          expect(value).to.equal(ordersOn(day));
          expect(average).to.be.closeTo(mean(day - length + 1, day), 1e-9);
          expect(yearBefore).to.equal(ordersOn(day - 364));
          if (day - 364 >= length) expect(averageBefore).to.be.closeTo(mean(day - 364 - length + 1, day - 364), 1e-9);
        }
      }),
      { numRuns: 20 },
    ));

  it("begins the average as soon as there are enough days, and has no year before then", () => {
    const { points } = course(0, 29);
    expect(points.map(({ average }) => Number.isNaN(average))).to.deep.equal(points.map((_, i) => i < 6));
    expect(points.every(({ yearBefore }) => Number.isNaN(yearBefore))).to.equal(true);
  });

  it("does not average days before the store opened", () => {
    // Obolon opened on 5 March 2024.
    const opening = Math.round((Date.parse("2024-03-05") - Date.parse(FIRST)) / 86_400_000);
    const { points } = course(opening - 3, opening + 20, ["Obolon"]);
    expect(points.findIndex(({ average }) => Number.isFinite(average))).to.equal(3 + 6);
  });
});
