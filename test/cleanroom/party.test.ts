import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { bothParties, PARTIES, parties, titles } from "../../cleanroom/party.ts";

const root = join(import.meta.dirname, "../..");

describe("The parties' names", () => {
  it("come from cleanroom/party.ts in the pages' headings, labels and outputs, so that one change renames a party", () => {
    for (const party of PARTIES) {
      expect(titles[party]).to.match(/^[^a-z]/);
      expect(titles[party].slice(1)).to.equal(parties[party].title.slice(1));
      expect(bothParties.toLowerCase()).to.contain(parties[party].title.replace("the ", "").toLowerCase());
    }
    const list = execFileSync("git", ["ls-files", "report", "local"], { cwd: root }).toString();
    // The tour and the attacks are stories about these two parties.
    const files = list.split("\n").filter((file) => /\.ts$/.test(file) && !/tour\.ts$|attack/.test(file));
    expect(files.length).to.be.greaterThan(100);
    const label = /["'`>](?:The (?:merchant|e-wallet)(?: asks)?|Asked by the [\w-]+|Merchant and e-wallet)["'`<]/;
    expect(files.filter((file) => label.test(readFileSync(join(root, file), "utf8")))).to.deep.equal([]);
  });
});
