import { join } from "node:path";
import { expect } from "chai";
import { nextSteps } from "../../local/next-steps.ts";
import { databases } from "../../local/output-folder.ts";

describe("The last lines of npm start", () => {
  const bothDatabases = Object.values(databases);
  const links = { "dbt docs": undefined, reports: "/results/report/index.html" };

  it("name the results from the project's folder, and leave out pages that do not exist", () => {
    const lines = nextSteps({ out: join(process.cwd(), ".local"), given: undefined, databases: bothDatabases, links });
    expect(lines[1]).to.match(/^npm run room +ask the clean room on a page, with a tour$/);
    expect(lines[4]).to.match(/^\.local\/clean-room\.duckdb +the parties' tables$/);
    expect(lines[5]).to.match(/^\.local\/warehouse\.duckdb +the coffee shops' tables and marts$/);
    expect(lines.slice(7)).to.deep.equal(["reports  file:///results/report/index.html"]);
  });

  it("stand in two columns and name a folder outside of the project in full, whatever --out is", () => {
    const out = "/a/folder/with a name that is longer than most";
    const lines = nextSteps({ out, given: out, databases: bothDatabases, links });
    expect(lines[1]).to.match(new RegExp(`^npm run room -- --out "${out}" +ask the clean room`));
    expect(lines[5]).to.match(new RegExp(`^${out}/warehouse.duckdb +the coffee shops' tables and marts$`));
    const reasons = [
      "open the reports",
      "ask the clean",
      "ask it in",
      "all answers",
      "the parties",
      "the coffee",
      "the output",
    ];
    expect(new Set(lines.slice(0, 7).map((line, i) => line.indexOf(reasons[i] as string))).size).to.equal(1);
  });

  it("name no clean room if the program declares none", () => {
    const lines = nextSteps({ out: "/results", given: undefined, databases: [databases.warehouse], links });
    expect(lines.join("\n")).not.to.match(/npm run room|query|answers|clean-room/);
    expect(lines).to.have.length(4);
  });
});
