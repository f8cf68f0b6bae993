import { expect } from "chai";
import fc from "fast-check";
import { dayOf, isoDay, kyivOffsetHours, kyivTimes, parseDay, weekdayOf } from "../../../generator/coffee/calendar.ts";

describe("the calendar", () => {
  it("reads back every day it writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000 }), (day) => {
        expect(parseDay(isoDay(day))).to.equal(day);
      }),
    );
  });

  for (const text of ["2026-02-30", "2025-02-29", "2026-13-01", "2026-1-1", "2026-00-10", "20260101", "", "today"]) {
    it(`knows that "${text}" is not a day`, () => {
      expect(parseDay(text)).to.equal(undefined);
    });
  }

  it("counts weekdays from Monday", () => {
    expect(weekdayOf(dayOf("2026-11-23"))).to.equal(0);
    expect(weekdayOf(dayOf("2026-11-22"))).to.equal(6);
  });

  const offsets: [string, number][] = [
    ["2026-01-15", 2],
    ["2026-07-15", 3],
    ["2026-03-28", 2],
    ["2026-03-29", 3],
    ["2026-10-24", 3],
    ["2026-10-25", 2],
  ];
  for (const [day, hours] of offsets) {
    it(`has Kyiv ${hours} hours ahead of UTC during opening hours on ${day}`, () => {
      expect(kyivOffsetHours(dayOf(day))).to.equal(hours);
    });
  }

  it("knows the hours at which Kyiv's clocks change, and none in a run without a change", () => {
    expect(kyivTimes(dayOf("2025-12-01"), dayOf("2026-10-25"))).to.deep.equal([
      { hours: 2, end: "2026-03-29 01:00:00" },
      { hours: 3, end: "2026-10-25 01:00:00" },
      { hours: 2, end: undefined },
    ]);
    expect(kyivTimes(dayOf("2026-03-31"), dayOf("2026-10-24"))).to.deep.equal([{ hours: 3, end: undefined }]);
    expect(kyivTimes(dayOf("2026-03-29"), dayOf("2026-03-29"))).to.have.length(2);
  });
});
