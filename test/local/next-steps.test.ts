import { join } from "node:path";
import { expect } from "chai";
import { nextSteps } from "../../local/next-steps.ts";

describe("The last lines of npm start", () => {
  const links = { "dbt docs": undefined, reports: "/results/report/index.html" };

  it("name the results from the project's folder, and leave out pages that do not exist", () => {
    const lines = nextSteps({ out: join(process.cwd(), ".local"), given: undefined, hasRoom: true, links });
    expect(lines[1]).to.match(/^npm run room +ask the clean room on a page, with a tour$/);
    expect(lines[4]).to.match(/^\.local\/warehouse\.duckdb +every table and mart$/);
    expect(lines.slice(6)).to.deep.equal(["reports  file:///results/report/index.html"]);
  });

  it("stand in two columns and name a folder outside of the project in full, whatever --out is", () => {
    const out = "/a/folder/with a name that is longer than most";
    const lines = nextSteps({ out, given: out, hasRoom: true, links });
    expect(lines[1]).to.match(new RegExp(`^npm run room -- --out "${out}" +ask the clean room`));
    expect(lines[4]).to.match(new RegExp(`^${out}/warehouse.duckdb +every table and mart$`));
    const reasons = ["open the reports", "ask the clean room", "ask it in", "all answers", "every table", "the output"];
    expect(new Set(lines.slice(0, 6).map((line, i) => line.indexOf(reasons[i] as string))).size).to.equal(1);
  });

  it("name no clean room if the program declares none", () => {
    const lines = nextSteps({ out: "/results", given: undefined, hasRoom: false, links });
    expect(lines.join("\n")).not.to.match(/npm run room|query|answers/);
    expect(lines).to.have.length(4);
  });
});
