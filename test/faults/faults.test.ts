import { expect } from "chai";
import { runFile } from "./processes.ts";

const itInCI = process.env.CI ? it : it.skip;

describe("npm run faults", () => {
  itInCI("survives a few faults of each kind, and prints how many", async function () {
    this.timeout(600_000);
    const { code, output } = await runFile("test/faults/main.ts", ["--sample"], { within: 500_000 });
    expect(code, output).to.equal(0);
    for (const [, tried, survived] of output.matchAll(/: tried (\d+), survived (\d+)/g))
      expect(survived).to.equal(tried);
    expect(output.match(/tried [1-9]/g), output).to.have.length(4);
  });

  it("refuses a kind that it does not know", async () => {
    const { code, output } = await runFile("test/faults/main.ts", ["floods"]);
    expect(code).to.equal(1);
    expect(output).to.match(/^error: unknown kind floods: use "replacing results", /);
  });
});
