import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { aside } from "../../local/aside.ts";
import { userError } from "../support/user-error.ts";

describe("working aside", () => {
  let out: string;
  beforeEach(async () => {
    out = join(await mkdtemp(join(tmpdir(), "aside-")), "out");
    await aside(out, (folder) => writeFile(join(folder, "file"), "first"));
  });
  afterEach(() => rm(join(out, ".."), { recursive: true }));

  const content = () => readFile(join(out, "file"), "utf8");

  it("puts what was made in place of what was there, and leaves the rest alone", async () => {
    await writeFile(join(out, "notes"), "mine");
    await aside(out, (folder) => writeFile(join(folder, "file"), "second"));
    expect(await content()).to.equal("second");
    expect((await readdir(out)).sort()).to.deep.equal(["file", "notes"]);
  });

  it("leaves what was there where the work fails, and begins anew after it", async () => {
    const failed = aside(out, async (folder) => {
      await writeFile(join(folder, "file"), "half");
      throw new Error("broken");
    });
    expect(await failed.catch((error: Error) => error.message)).to.equal("broken");
    expect(await content()).to.equal("first");
    await aside(out, async (folder) => expect(await readdir(folder)).to.be.empty);
    expect(await content()).to.equal("first");
  });

  it("is refused while another run is at work, and not after one that was killed", async () => {
    await aside(out, async () => {
      expect(await userError(() => aside(out, async () => {}))).to.include(`process ${process.pid}`);
    });
    await writeFile(join(out, ".pid"), "4194999");
    await aside(out, (folder) => writeFile(join(folder, "file"), "third"));
    expect(await content()).to.equal("third");
  });

  it("is refused where the folder cannot be made", async () => {
    expect(await userError(() => aside(join(out, "file"), async () => {}))).to.include(
      "choose another folder by --out",
    );
  });
});
