import { expect } from "chai";
import { dayOf, isoDay, weekdayOf } from "../../../generator/coffee/calendar.ts";
import { offersOn, promotions } from "../../../generator/coffee/discounts.ts";

/** The code of the promotion that is offered on a day at an hour; undefined if there is none. */
function offered(day: string, hour: number): string | undefined {
  return promotions[offersOn(day, weekdayOf(dayOf(day)))[hour] ?? -1]?.code;
}

describe("the promotions", () => {
  const seasons: [code: string, percent: number, first: string, last: string][] = [
    ["WINTER10", 10, "2025-01-15", "2025-02-07"],
    ["SPRING5", 5, "2025-04-01", "2025-04-30"],
    ["SUMMER15", 15, "2025-07-01", "2025-07-14"],
    ["COFFEEDAY15", 15, "2025-09-28", "2025-10-04"],
    ["ADVENT10", 10, "2025-12-06", "2025-12-24"],
  ];
  for (const [code, percent, first, last] of seasons) {
    it(`offer ${code} all day from ${first.slice(5)} to ${last.slice(5)}, and not a day earlier or later`, () => {
      expect(promotions.find((promotion) => promotion.code === code)?.percent).to.equal(percent);
      for (const day of [first, last]) for (const hour of [0, 9, 23]) expect(offered(day, hour), day).to.equal(code);
      for (const day of [dayOf(first) - 1, dayOf(last) + 1]) expect(offered(isoDay(day), 9)).to.equal(undefined);
    });
  }

  it("offer HAPPYHOUR20 on Tuesdays from 15:00 to 18:00, instead of a season's promotion too", () => {
    expect(promotions.find(({ code }) => code === "HAPPYHOUR20")?.percent).to.equal(20);
    const [monday, tuesday, tuesdayInJuly] = ["2025-06-02", "2025-06-03", "2025-07-08"];
    expect([14, 15, 17, 18].map((hour) => offered(tuesday, hour))).to.deep.equal([
      undefined,
      "HAPPYHOUR20",
      "HAPPYHOUR20",
      undefined,
    ]);
    expect(offered(monday, 16)).to.equal(undefined);
    expect([14, 15].map((hour) => offered(tuesdayInJuly, hour))).to.deep.equal(["SUMMER15", "HAPPYHOUR20"]);
  });
});
