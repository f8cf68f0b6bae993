import { expect } from "chai";
import fc from "fast-check";
import { dayAt } from "../../report/days.ts";
import { before, everything, lastDay, parseFilter, printFilter, select } from "../../report/filter.ts";

const choices = {
  days: { first: "2024-02-27", count: 10 },
  stores: [{ name: "Podil" }, { name: "Lesi & Boulevard = 100 %" }, { name: "Оболонь" }],
  orderTypes: ["In-store", "Takeaway"],
};
const initial = everything(choices);

describe("a report's filter", () => {
  it("is the same after a way through a link", () => {
    const day = fc.integer({ min: -800, max: 800 }).map((days) => dayAt("2024-02-27", days));
    const filter = fc.record({
      from: day,
      to: day,
      stores: fc.subarray(choices.stores.map(({ name }) => name)),
      orderTypes: fc.subarray(choices.orderTypes),
    });
    fc.assert(
      fc.property(filter, (filter) => {
        expect(parseFilter(`#${printFilter(filter, initial)}`, initial, choices)).to.deep.equal(filter);
      }),
    );
  });

  it("leaves a link bare where it is the page's own", () => {
    expect(printFilter(initial, initial)).to.equal("");
  });

  it("leaves out of a link what it does not know: stores that are gone, days that are none", () => {
    const read = parseFilter(
      "#from=2024-02-30&to=yesterday&store=Closed&store=Podil&type=&colour=red",
      initial,
      choices,
    );
    expect(read).to.deep.equal({ ...initial, stores: ["Podil"] });
  });

  it("begins with all days, or the last so many", () => {
    expect(everything(choices)).to.deep.include({ from: "2024-02-27", to: "2024-03-07" });
    expect(everything(choices, 3)).to.deep.include({ from: "2024-03-05", to: "2024-03-07" });
    expect(everything(choices, 365)).to.deep.include({ from: "2024-02-27" });
    expect(lastDay({ first: "1970-01-01", count: 0 })).to.equal("1970-01-01");
  });

  it("keeps all stores and types where none is named", () => {
    const { stores, orderTypes } = select({ ...initial, orderTypes: ["Takeaway"] }, choices);
    expect([[...stores], [...orderTypes]]).to.deep.equal([
      [1, 1, 1],
      [0, 1],
    ]);
  });

  it("has as many days before it, or none where the data begins too late or the days are the wrong way round", () => {
    const at = (from: string, to: string) => before(select({ ...initial, from, to }, choices));
    expect(at("2024-03-01", "2024-03-03")).to.deep.include({ from: 0, to: 2 });
    expect(at("2024-03-01", "2024-03-04")).to.equal(undefined);
    expect(at("2024-03-04", "2024-03-01")).to.equal(undefined);
  });
});
