import { expect } from "chai";
import { answerCsv } from "../../local/answers.ts";

describe("An answer as CSV", () => {
  const columns = [
    { name: "who", type: "STRING" },
    { name: "paid", type: "NUMERIC" },
    { name: "days", type: "INT64" },
  ];
  const rows = [
    ["=cmd|' /C calc'!A0", "-5.25", -3],
    ["plain", "7", null],
  ];

  it("keeps a spreadsheet from running texts as formulas, and leaves numbers alone", () => {
    expect(answerCsv({ columns, rows })).to.equal("who,paid,days\n'=cmd|' /C calc'!A0,-5.25,-3\nplain,7,\n");
  });

  it("can leave texts as they are", () => {
    expect(answerCsv({ columns, rows }, true)).to.equal("who,paid,days\n=cmd|' /C calc'!A0,-5.25,-3\nplain,7,\n");
  });
});
