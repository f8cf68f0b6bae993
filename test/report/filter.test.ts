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
  it("stays the same when it goes through a link", () => {
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

  it("adds nothing to a link if it is the page's initial one", () => {
    expect(printFilter(initial, initial)).to.equal("");
  });

  it("ignores unknown stores and invalid days in a link", () => {
    const read = parseFilter(
      "#from=2024-02-30&to=yesterday&store=Closed&store=Podil&type=&colour=red",
      initial,
      choices,
    );
    expect(read).to.deep.equal({ ...initial, stores: ["Podil"] });
  });

  it("starts with all days, or with the last few", () => {
    expect(everything(choices)).to.deep.include({ from: "2024-02-27", to: "2024-03-07" });
    expect(everything(choices, 3)).to.deep.include({ from: "2024-03-05", to: "2024-03-07" });
    expect(everything(choices, 365)).to.deep.include({ from: "2024-02-27" });
    expect(lastDay({ first: "1970-01-01", count: 0 })).to.equal("1970-01-01");
  });

  it("keeps all stores and types if none is named", () => {
    const { stores, orderTypes } = select({ ...initial, orderTypes: ["Takeaway"] }, choices);
    expect([[...stores], [...orderTypes]]).to.deep.equal([
      [1, 1, 1],
      [0, 1],
    ]);
  });

  it("has a previous period of the same length, unless the data begins too late or the days are in the wrong order", () => {
    const at = (from: string, to: string) => before(select({ ...initial, from, to }, choices));
    expect(at("2024-03-01", "2024-03-03")).to.deep.include({ from: 0, to: 2 });
    expect(at("2024-03-01", "2024-03-04")).to.equal(undefined);
    expect(at("2024-03-04", "2024-03-01")).to.equal(undefined);
  });
});
