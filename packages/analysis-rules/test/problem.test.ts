import { expect } from "chai";
import { problemLines } from "../src/index.ts";

describe("The lines of a problem", () => {
  const unknown = (column: number) => ({ rule: "names", message: "Unrecognized name: nobody", line: 1, column });

  it("show the place in the query, the advice and the rule", () => {
    expect(problemLines({ ...unknown(9), advice: "Name a column" }, "SELECT\tnobody")).to.deep.equal([
      "Unrecognized name: nobody [line 1, column 9]",
      "  SELECT  nobody",
      "          ^",
      "Name a column",
      "(names)",
    ]);
  });

  it("show only the part of a long line around the place, which fits 80 columns", () => {
    const many = Array.from({ length: 40 }, (_, number) => `column_${number}`).join(", ");
    const sql = `SELECT ${many}, nobody, ${many}`;
    const column = sql.indexOf("nobody") + 1;
    const [, text = "", caret = ""] = problemLines(unknown(column), sql);
    expect(text.length).to.be.within(40, 76);
    expect(text.slice(caret.indexOf("^"))).to.match(/^nobody, /);
  });
});
