import { expect } from "chai";
import { notesOf } from "../../../local/room/notes.ts";

describe("The notes on an answer", () => {
  const of = (...thresholds: number[]) =>
    notesOf({
      templates: [],
      views: [],
      thresholds: thresholds.map((threshold) => ({ threshold, units: ["id"] })),
      budgets: [],
      checks: [],
    });

  it("name each threshold once, and none that hides nobody", () => {
    expect(of(50, 50)).to.deep.equal(["Groups of fewer than 50 people are suppressed."]);
    expect(of(1)).to.deep.equal([]);
  });
});
