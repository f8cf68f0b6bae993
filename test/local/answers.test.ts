import { expect } from "chai";
import { answerCsv, answerTable } from "../../local/answers.ts";

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

describe("An answer as a table", () => {
  const shown = (...values: string[]) =>
    answerTable({
      columns: [{ name: "paid", type: "NUMERIC" }],
      rows: values.map((value) => [value]),
      explanation: { templates: [], views: [], thresholds: [], budgets: [], checks: [] },
    })
      .split("\n")
      .slice(2)
      .map((line) => line.trim());

  it("has all digits of a NUMERIC that no number of JavaScript holds, and commas in the others", () => {
    expect(shown("12345678901234567890.123456789")).to.deep.equal(["12345678901234567890.123456789"]);
    expect(shown("1234.5", "0.333333333")).to.deep.equal(["1,234.500", "0.333"]);
  });

  it("has its rows below each other if they are wider than the terminal, and is cut after as many lines", () => {
    const wide = (rows: number, width: number, forAll?: string) =>
      answerTable(
        {
          columns: [
            { name: "user_id", type: "INT64" },
            { name: "email", type: "STRING" },
          ],
          rows: Array.from({ length: rows }, (_, row) => [row + 1000, row === 1 ? null : "a long address"]),
          explanation: { templates: [], views: [], thresholds: [], budgets: [], checks: [] },
        },
        width,
        forAll,
      );
    expect(wide(2, 30)).to.match(/^user_id {2}email\n/);
    expect(wide(2, 20)).to.equal(
      "Row 1\n  user_id  1000\n  email    a long address\n\nRow 2\n  user_id  1001\n  email    NULL",
    );
    expect(wide(501, 20)).to.match(/Row 500\n.*\n.*\n\(the first 500 of 501 rows; --json shows all\)$/);
    expect(wide(1001, 30, "\\format json")).to.contain("(the first 1,000 of 1,001 rows; \\format json shows all)");
  });
});
