import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { builtBefore } from "../../generator/built-before.ts";

describe("a build that is remembered", () => {
  let root: string;
  let builds: number;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "built-"));
    builds = 0;
    mkdirSync(join(root, "dist"));
    writeFileSync(join(root, "source"), "one");
    writeFileSync(join(root, "package-lock.json"), "{}");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const build = () =>
    builtBefore(root, "dist/record.json", () => {
      builds++;
      writeFileSync(join(root, "dist", "made"), `made ${builds}`);
      return { result: { number: builds }, inputs: ["source"], outputs: ["dist/made"] };
    });

  it("is not repeated while nothing has changed, and gives the same result", () => {
    expect([build(), build()]).to.deep.equal([{ number: 1 }, { number: 1 }]);
  });

  for (const file of ["source", "dist/made", "package-lock.json", "dist/record.json"]) {
    it(`is repeated after a change of ${file}`, () => {
      build();
      writeFileSync(join(root, file), "another");
      expect(build()).to.deep.equal({ number: 2 });
      expect(build()).to.deep.equal({ number: 2 });
    });

    it(`is repeated if ${file} is missing`, () => {
      build();
      rmSync(join(root, file));
      expect(build()).to.deep.equal({ number: 2 });
    });
  }
});
