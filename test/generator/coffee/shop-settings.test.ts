import { expect } from "chai";
import fc from "fast-check";
import { isoDay } from "../../../generator/coffee/calendar.ts";
import { type CoffeeOptions, checkSettings, FIRST_DAY, shardMonths } from "../../../generator/coffee/shop-settings.ts";
import { UserError } from "../../../generator/errors.ts";

const right: CoffeeOptions = { seed: 42, until: "2026-11-22", scale: 1, shard: { index: 0, count: 1 } };

function refusal(changed: Partial<CoffeeOptions>): string {
  try {
    checkSettings({ ...right, ...changed });
  } catch (error) {
    expect(error).to.be.instanceOf(UserError);
    return (error as Error).message;
  }
  throw new Error("the settings were accepted");
}

describe("settings of the coffee shop", () => {
  const mistakes: [string, Partial<CoffeeOptions>, string][] = [
    ["a last day that does not exist", { until: "2026-02-30" }, 'until is "2026-02-30": use a day from 2022-01-10'],
    ["a last day before the first", { until: "2022-01-09" }, 'until is "2022-01-09": use a day from 2022-01-10'],
    ["a last day by a wrong clock", { until: "2019-12-01" }, "(by default it is yesterday by this machine's clock)"],
    [
      "a last day beyond the model's",
      { until: "2032-01-01" },
      'until is "2032-01-01": use a day from 2022-01-10 to 2031-12-31',
    ],
    ["a last day in another notation", { until: "22.11.2026" }, 'until is "22.11.2026": use a day from'],
    ["no days", { days: 0 }, "days is 0: use an integer from 1 to 1778"],
    ["part of a day", { days: 1.5 }, "days is 1.5: use an integer from 1 to 1778"],
    [
      "days that reach before the first",
      { days: 1779 },
      "days is 1779: use an integer from 1 to 1778, which reaches back to",
    ],
    ["a scale of zero", { scale: 0 }, "scale is 0: use a number above 0, up to 500"],
    ["a negative scale", { scale: -1 }, "scale is -1: use a number above 0"],
    ["a scale that the order numbers cannot hold", { scale: 501 }, "scale is 501: use a number above 0, up to 500"],
    ["a scale that is not a number", { scale: Number.NaN }, "scale is NaN: use a number above 0"],
    ["a broken seed", { seed: 0.5 }, "seed is 0.5: use an integer from 0 to 4294967295"],
    ["a seed too large", { seed: 2 ** 32 }, "seed is 4294967296: use an integer from 0 to 4294967295"],
    ["no shards", { shard: { index: 0, count: 0 } }, "shard count is 0: use an integer from 1"],
    ["a shard beyond the count", { shard: { index: 4, count: 4 } }, "shard index is 4: use an integer from 0 to 3"],
    ["a negative shard", { shard: { index: -1, count: 4 } }, "shard index is -1: use an integer from 0 to 3"],
  ];
  for (const [what, changed, message] of mistakes) {
    it(`refuses ${what}, and says what is allowed`, () => {
      expect(refusal(changed)).to.include(message);
    });
  }

  it("names all wrong settings at once", () => {
    const message = refusal({ seed: -1, until: "tomorrow", days: -1, scale: 0, shard: { index: 9, count: 2 } });
    for (const name of ["seed", "until", "days", "scale", "shard index"])
      expect(message).to.match(new RegExp(`^  ${name} is`, "m"));
  });

  it("accepts the first and the last possible day", () => {
    expect(checkSettings({ ...right, until: "2022-01-10", days: 1 }).firstDay).to.equal(
      checkSettings({ ...right, until: "2022-01-10" }).untilDay,
    );
    expect(isoDay(checkSettings({ ...right, until: "2031-12-31" }).untilDay)).to.equal("2031-12-31");
  });

  it("gives all shards of a run one name, and another for any other setting", () => {
    const run = (changed: Partial<CoffeeOptions>) => checkSettings({ ...right, ...changed }).run;
    const shard = (index: number) => ({ shard: { index, count: 4 } });
    expect(run(shard(0))).to.equal(run(shard(3)));
    const names = [{}, shard(0), { seed: 43 }, { scale: 2 }, { days: 7 }, { until: "2026-11-21" }].map(run);
    expect(new Set(names).size).to.equal(names.length);
    expect(run({})).to.match(/^2026-11-22-[0-9a-f]{8}$/);
  });

  it("cuts the months into shards without gap or overlap, and knows which are whole", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1778 }), fc.integer({ min: 1, max: 40 }), (days, count) => {
        const shards = Array.from({ length: count }, (_, index) =>
          checkSettings({ ...right, days, shard: { index, count } }),
        );
        const months = shards.flatMap(shardMonths);
        let next = shards[0]?.firstDay;
        for (const { name, from, to, isWhole } of months) {
          expect(from).to.equal(next);
          expect([isoDay(from).slice(0, 7), isoDay(to - 1).slice(0, 7)]).to.deep.equal([name, name]);
          const begins = isoDay(from).endsWith("-01") || isoDay(from) === FIRST_DAY;
          expect(isWhole).to.equal(begins && isoDay(to).endsWith("-01"));
          next = to;
        }
        expect(next).to.equal((shards[0]?.untilDay ?? 0) + 1);
      }),
    );
  });

  it("names the folder of whole months after exactly the settings that their rows depend on", () => {
    const folder = (change: Partial<CoffeeOptions>) => checkSettings({ ...right, ...change }).monthsFolder;
    const more = { days: 3, until: "2025-01-31", shard: { index: 1, count: 2 } };
    expect(folder(more)).to.equal(folder({}));
    expect(folder({ seed: right.seed + 1 })).not.to.equal(folder({}));
    expect(folder({ scale: right.scale * 2 })).not.to.equal(folder({}));
  });
});
