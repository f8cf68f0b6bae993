import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { shareViews } from "../cleanroom/views.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const guide = read("docs/cloud.md");

describe("docs/cloud.md", () => {
  it("explains every output of the stack, and none that it does not have", () => {
    const outputs = [...read("index.ts").matchAll(/^export const (\w+)/gm)].map(([, name]) => name);
    const explained = [...guide.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(explained).to.have.members(outputs);
  });

  it("sets only settings that there are", () => {
    const settings = [...read("Pulumi.yaml").matchAll(/^ {2}(\w+):\n {4}type:/gm)].map(([, name]) => name);
    const set = [...guide.matchAll(/config set (\w+)[ `]/g)].map(([, name]) => name);
    expect(set.length).to.be.greaterThan(2);
    for (const name of set) expect(settings).to.include(name);
  });

  it("lists every field of a shared view that can be set, and none that cannot", () => {
    const [refusal = ""] = shareViews({ users_shared: 0 }).wrong;
    const fields = refusal.split("an object of ")[1]?.split(", ");
    const [, table = ""] = /^\| for rules \| field \|.*\n\|[-|]+\n((?:\|.*\n)+)/m.exec(guide) ?? [];
    const listed = [...table.matchAll(/^\| [^|]+ \|([^|]+)\|/gm)].flatMap(([, cell = ""]) => cell.match(/\w+/g) ?? []);
    expect(listed).to.have.members(fields ?? []);
  });

  it("adds up what a day costs", () => {
    const prices = [...guide.matchAll(/^\| .* \| \$(0\.\d+) \| .* \|$/gm)].map(([, price]) => Number(price));
    const [, sum] = /^\| \*\*sum\*\* \| \| \*\*\$(0\.\d+)\*\* \|/m.exec(guide) ?? [];
    expect(prices.reduce((total, price) => total + price, 0)).to.be.closeTo(Number(sum), 0.0001);
  });

  it("has commands that bash can read", () => {
    const blocks = [...guide.matchAll(/^ *```bash\n([\s\S]*?)^ *```$/gm)].map(([, block]) => block ?? "");
    expect(blocks.length).to.be.greaterThan(3);
    for (const block of blocks) {
      const { status, stderr } = spawnSync("bash", ["-n"], { input: block, encoding: "utf8" });
      expect(status, `${stderr}\n${block}`).to.equal(0);
    }
  });

  it("links to files and parts that exist", () => {
    for (const page of ["docs/cloud.md", "docs/traps.md", "docs/clean-room.md"]) {
      for (const [, link = ""] of read(page).matchAll(/\]\(([^)]+)\)/g)) {
        if (/^https:/.test(link)) continue;
        if (link.startsWith("#")) {
          const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, h = ""]) =>
            h.toLowerCase().replaceAll(" ", "-"),
          );
          expect(headings, page).to.include(link.slice(1));
        } else
          expect(existsSync(fileURLToPath(new URL(link, new URL(`../${page}`, import.meta.url)))), link).to.equal(true);
      }
    }
  });
});
