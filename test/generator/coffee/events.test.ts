import { expect } from "chai";
import { dayOf, isoDay } from "../../../generator/coffee/calendar.ts";
import { offersOn } from "../../../generator/coffee/discounts.ts";
import { eventKinds, events } from "../../../generator/coffee/events.ts";
import { eventRows } from "../../../generator/coffee/masters.ts";
import { guests, PASSER_BY } from "../../../generator/coffee/personas.ts";
import { hoursOf, shopDay } from "../../../generator/coffee/shop-days.ts";
import { FIRST_DAY, LAST_DAY } from "../../../generator/coffee/shop-settings.ts";
import { stores } from "../../../generator/coffee/stores.ts";

const daysOf = (name: string) => events.filter((event) => event.name === name).map(({ from }) => isoDay(from));
const on = (day: string, store: number) => shopDay(store, dayOf(day));
const [goldenGate, podil, lesi] = [0, 1, 2];

describe("the events", () => {
  it("each have a source, and days in order that the data can have", () => {
    for (const { name, kind, from, to, source } of events) {
      expect(source, name).to.match(/^(https:\/\/\S+|the chain)$/);
      expect(eventKinds, name).to.include(kind);
      expect(to, name).to.be.at.least(from);
      expect(from, name).to.be.within(dayOf(FIRST_DAY), dayOf(LAST_DAY));
    }
  });

  it("have sources outside the chain, except for the chain's own decisions and for well-known holidays", () => {
    for (const { name, kind, source } of events) {
      const ownKind = ["closing", "opening", "promotion", "holiday"].includes(kind) || name.startsWith("Golden Gate");
      if (!ownKind) expect(source, name).to.match(/^https:/);
    }
  });

  it("reach no store before its opening", () => {
    for (const { name, store, from } of events) {
      if (store !== undefined) expect(from, name).to.be.at.least(stores[store]?.openedOn as number);
    }
  });

  it("have the dates of Orthodox Easter, which follow from the Julian calendar", () => {
    const easter = (year: number): string => {
      const moon = (19 * (year % 19) + 15) % 30;
      const sunday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7;
      const days = moon + sunday + 114;
      return isoDay(dayOf(`${year}-${String(Math.floor(days / 31)).padStart(2, "0")}-01`) + (days % 31) + 13);
    };
    expect(daysOf("Easter")).to.deep.equal(Array.from({ length: 10 }, (_, i) => easter(2022 + i)));
  });

  it("have Christmas on 7 January and 25 December in 2023, and on 25 December from then on", () => {
    expect(daysOf("Christmas").slice(0, 3)).to.deep.equal(["2023-01-07", "2023-12-25", "2024-12-25"]);
  });

  it("have the last school bell on 16 June 2023, and on the last Friday of May from then on", () => {
    const lastFriday = (year: number) => {
      const days = Array.from({ length: 7 }, (_, i) => dayOf(`${year}-05-31`) - i);
      return isoDay(days.find((day) => new Date(isoDay(day)).getUTCDay() === 5) as number);
    };
    expect(daysOf("Last School Bell")).to.deep.equal([
      "2023-06-16",
      ...Array.from({ length: 8 }, (_, i) => lastFriday(2024 + i)),
    ]);
  });

  it("have a quiet Independence Day in 2022, when Kyiv forbade gatherings, and a busy one in later years", () => {
    const demands = events.filter(({ name }) => name === "Independence Day").map(({ demand }) => (demand ?? 1) > 1);
    expect(demands).to.deep.equal(demands.map((_, year) => year > 0));
  });

  it("are listed up to a day without changing those before", () => {
    const all = eventRows(dayOf("2026-11-22"));
    expect(eventRows(dayOf("2024-05-05"))).to.deep.equal(all.filter(({ starts_on }) => starts_on <= "2024-05-05"));
    expect(all.map(({ event_id }) => event_id)).to.deep.equal(all.map((_, i) => i + 1));
    expect(all.map(({ starts_on }) => starts_on)).to.deep.equal(all.map(({ starts_on }) => starts_on).sort());
  });

  it("have no promotion in the first months of the full-scale invasion", () => {
    const promotions = events.filter(({ kind }) => kind === "promotion");
    const then = promotions.filter(({ from, to }) => to >= dayOf("2022-02-24") && from <= dayOf("2022-05-31"));
    expect(then).to.deep.equal([]);
  });
});

describe("a store's day", () => {
  it("does not exist before the opening, on 24 February 2022, and until the store reopens", () => {
    expect(on("2022-08-31", lesi)).to.equal(undefined);
    expect(on("2022-09-01", lesi)).not.to.equal(undefined);
    for (const store of [goldenGate, podil]) {
      expect(on("2022-02-23", store)).to.deep.equal({ ...usual(store), demand: 1, offline: false });
      expect(on("2022-02-24", store)).to.equal(undefined);
    }
    expect([on("2022-03-29", goldenGate), on("2022-04-25", podil)]).to.deep.equal([undefined, undefined]);
    expect(on("2022-03-30", goldenGate)).to.include({ closesAt: 19, demand: 0.45 });
    expect(on("2022-04-26", podil)).to.include({ closesAt: 20, demand: 0.45 });
  });

  const closing: [day: string, closesAt: number][] = [
    ["2022-04-16", 19],
    ["2022-04-17", 20],
    ["2022-05-14", 20],
    ["2022-05-15", 21],
    ["2023-03-25", 21],
    ["2023-03-26", 22],
    ["2022-11-22", 21],
    ["2022-11-23", 15],
    ["2023-12-31", 17],
  ];
  for (const [day, closesAt] of closing) {
    it(`ends at ${closesAt}:00 at Golden Gate on ${day}`, () => {
      expect(on(day, goldenGate)?.closesAt).to.equal(closesAt);
    });
  }

  it("multiplies the demand of its own events, but not of other stores' events or of promotions", () => {
    expect(on("2022-12-16", podil)?.demand).to.be.closeTo(0.88 * 0.45, 1e-9);
    expect(on("2022-12-16", goldenGate)?.demand).to.be.closeTo(0.88 * 0.45 * 1.2, 1e-9);
    expect(on("2023-07-04", podil)?.demand).to.equal(1);
  });

  const hours = (day: string, weekday: number, opensAt = 8, closesAt = 22) =>
    hoursOf(goldenGate, { opensAt, closesAt }, weekday > 4, offersOn(day, weekday));

  it("loses the guests of the hours that it is shorter", () => {
    const short = hours("2023-06-05", 0, 8, 17);
    const whole = hours("2023-06-05", 0);
    for (const guest of guests.keys()) {
      expect(whole.volume[guest]).to.equal(1);
      expect(short.volume[guest]).to.be.within(0.3, 0.97);
      expect([...(short.byGuest[guest] as Uint8Array)].every((hour) => hour >= 8 && hour < 17)).to.equal(true);
    }
  });

  it("gains a quarter more guests in the hours of the happy hour, and none in the others", () => {
    const [plain, happy] = [hours("2023-06-07", 2), hours("2023-06-06", 1)];
    const inHours = (of: typeof plain) => {
      const slots = [...(of.byGuest[PASSER_BY] as Uint8Array)];
      const share = slots.filter((hour) => hour >= 15 && hour < 18).length / slots.length;
      return { in: share * (of.volume[PASSER_BY] as number), out: (1 - share) * (of.volume[PASSER_BY] as number) };
    };
    expect(inHours(happy).in / inHours(plain).in).to.be.closeTo(1.25, 0.02);
    expect(inHours(happy).out / inHours(plain).out).to.be.closeTo(1, 0.02);
  });
});

function usual(store: number): { opensAt: number; closesAt: number } {
  const { opensAt, closesAt } = stores[store] as (typeof stores)[number];
  return { opensAt, closesAt };
}
