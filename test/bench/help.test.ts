import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

describe("npm run faults", () => {
  it("refuses a misspelt setting, with which it would inject all faults", function () {
    this.timeout(60_000);
    const faults = join(import.meta.dirname, "../faults/main.ts");
    const options = { encoding: "utf8", timeout: 50_000 } as const;
    const args = ["--disable-warning=ExperimentalWarning", faults, "--smaple", "kills of nothing"];
    const { status, stderr } = spawnSync(process.execPath, args, options);
    expect([status, stderr]).to.deep.equal([1, "error: --smaple is not a setting: use --sample or --verbose\n"]);
  });
});

describe("npm run bench", () => {
  it("says what it does for --help, in lines of at most 80 columns, and refuses other arguments", function () {
    this.timeout(60_000);
    const bench = (argument: string) =>
      spawnSync(
        process.execPath,
        ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "../bench.ts"), argument],
        { encoding: "utf8" },
      );
    const { status, stdout, stderr } = bench("--help");
    expect([status, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.match(/^npm run bench: measures /);
    for (const line of stdout.split("\n")) expect(line.length, line).to.be.at.most(80);
    const refused = bench("--fast");
    expect([refused.status, refused.stderr]).to.deep.equal([
      1,
      "error: npm run bench takes no arguments: it always measures everything\n",
    ]);
  });
});

describe("npm run faults and npm run bench", () => {
  it("read their arguments before they install dbt and the tests' servers, which takes minutes", () => {
    const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
    for (const name of ["faults", "bench"])
      expect(scripts[name], name).to.match(/^node local\/install\.mjs --node-only && exec /);
  });
});
