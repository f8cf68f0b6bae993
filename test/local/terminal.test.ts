import { expect } from "chai";
import { formatRows, heldScreen, visible, widthOf, wrap, wrapProblem } from "../../local/terminal.ts";

describe("Text for a terminal", () => {
  it("is broken between words, and never within one", () => {
    expect(wrap("one two three four", "  ", 11)).to.equal("  one two\n  three\n  four");
    expect(wrap("a_word_that_is_too_long for it", "", 10)).to.equal("a_word_that_is_too_long\nfor it");
    expect(wrap("first line\n\nsecond", "> ", 80)).to.equal("> first line\n\n> second");
    expect(wrap("a\n  b c d", "", 6)).to.equal("a\n  b c\n  d");
  });

  it("shows the line of a query and the caret below it in one piece", () => {
    const lines = [
      "Unrecognized name: nobody [line 1, column 28]",
      "  SELECT first, second, third, nobody",
      `  ${" ".repeat(27)}^`,
    ];
    expect(lines.map((line) => wrapProblem(line, 30))).to.deep.equal([
      "Unrecognized name: nobody\n[line 1, column 28]",
      ...lines.slice(1),
    ]);
  });

  it("is as wide as the terminal, or as a usual one if the terminal does not say", () => {
    expect([widthOf({ columns: 120 }), widthOf({ columns: 0 }), widthOf({})]).to.deep.equal([120, 80, 80]);
  });

  it("has no characters that a terminal obeys", () => {
    const text = "a\u0000b\u001b[31mc\u009b1md\u007fe\u202ef\u2066g\tü😀\n";
    const shown = "a\\u0000b\\u001b[31mc\\u009b1md\\u007fe\\u202ef\\u2066g\\tü😀";
    expect([visible(text), visible(text, "\n")]).to.deep.equal([`${shown}\\n`, `${shown}\n`]);
  });

  it("has thousands separators in amounts, and none in ids, years and months", () => {
    const names = ["order_id", "transaction_month", "birth_decade", "payments", "year"];
    const [, , row] = formatRows(names, [[123456, 202401, 1950, 12345, 2026]], "").split("\n");
    expect(row?.trim().split(/ +/)).to.deep.equal(["123456", "202401", "1950", "12,345", "2026"]);
  });

  it("has as many decimals as its column needs, at most three, and commas between thousands only", () => {
    const shown = (...values: number[]) =>
      formatRows(
        ["share"],
        values.map((value) => [value]),
        "",
      )
        .split("\n")
        .slice(2)
        .map((row) => row.trim());
    expect(shown(-1234567.5, 0.25, 12)).to.deep.equal(["-1,234,567.50", "0.25", "12.00"]);
    // A share of a thousandth is not zero.
    expect(shown(0.00012345, 1234.56789, 0)).to.deep.equal(["0.000123", "1,234.568", "0.000"]);
    expect(shown(-0.00099, 1e-10, 0.0014)).to.deep.equal(["-0.00099", "1e-10", "0.001"]);
    expect(shown(-123, 999)).to.deep.equal(["-123", "999"]);
    expect(shown(9_007_199_254_740_928)).to.deep.equal(["9,007,199,254,740,928"]);
  });

  it("has two decimals in amounts of money, and none if all are whole", () => {
    const [, , ...rows] = formatRows(
      ["usd_per_order", "orders"],
      [
        [12.5, 3],
        [40, 4],
      ],
      "",
    ).split("\n");
    expect(rows.map((row) => row.trim().split(/ +/))).to.deep.equal([
      ["12.50", "3"],
      ["40.00", "4"],
    ]);
    const [, , ...whole] = formatRows(["usd_per_customer"], [[220], [1115]], "").split("\n");
    expect(whole.map((row) => row.trim())).to.deep.equal(["220", "1,115"]);
  });

  it("breaks columns' names at underscores if a table would not fit", () => {
    const names = ["account_tier", "gross_usd_per_customer"];
    const rows = [["Free", 111.47]] as const;
    expect(formatRows(names, rows, "", "", 40).split("\n")[0]).to.equal("account_tier  gross_usd_per_customer");
    expect(formatRows(names, rows, "", "", 30).split("\n")).to.deep.equal([
      "              gross_usd_per_",
      "account_tier        customer",
      "────────────  ──────────────",
      "Free                  111.47",
    ]);
  });

  it("breaks columns' names at blanks, which take no room at the end of a line", () => {
    expect(formatRows(["epsilon left", "delta left"], [["2 of 3", "all"]], "", "", 15).split("\n")).to.deep.equal([
      "epsilon  delta",
      "left     left",
      "───────  ─────",
      "2 of 3   all",
    ]);
  });

  it("is held back while other steps print, and comes in its order when it is released", async () => {
    const printed: string[] = [];
    const { log } = console;
    console.log = (text: string) => void printed.push(text);
    try {
      const screen = heldScreen();
      await screen.step("first", async () => [1, "done"]);
      screen.print("text");
      expect(printed).to.deep.equal([]);
      screen.release();
      screen.print("later");
    } finally {
      console.log = log;
    }
    expect(printed[0]).to.match(/first +\d+\.\d s {3}done$/);
    expect(printed.slice(1)).to.deep.equal(["text", "later"]);
  });
});
