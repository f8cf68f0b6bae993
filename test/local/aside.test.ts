import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
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

  it("finishes, before anything else, what was cut off while the new took the old's place", async () => {
    // As left between the two moves: the old one is away, the new one not yet there.
    await mkdir(join(out, ".run", ".old"), { recursive: true });
    await rename(join(out, "file"), join(out, ".run", ".old", "file"));
    await writeFile(join(out, ".run", "file"), "second");
    const failed = aside(out, () => Promise.reject(new Error("broken")));
    expect(await failed.catch((error: Error) => error.message)).to.equal("broken");
    expect(await content()).to.equal("second");
  });

  it("puts the old back where the new cannot take its place", async () => {
    const message = await userError(() =>
      aside(out, async (folder) => {
        await writeFile(join(folder, "file"), "second");
        await writeFile(join(folder, "zone"), "new");
        // Nothing can be moved over itself.
        await mkdir(join(folder, ".old", "zone", "full"), { recursive: true });
        await writeFile(join(out, "zone"), "old");
      }),
    );
    expect(message).to.include("it holds the last run");
    expect(await content()).to.equal("first");
    expect(await readFile(join(out, "zone"), "utf8")).to.equal("old");
  });

  it("is refused while another run is at work, and not after one that was killed", async () => {
    await aside(out, async () => {
      expect(await userError(() => aside(out, async () => {}))).to.include(`process ${process.pid}`);
    });
    await writeFile(join(out, ".pid"), "4194999");
    await aside(out, (folder) => writeFile(join(folder, "file"), "third"));
    expect(await content()).to.equal("third");
  });

  it("is refused while a run of another user is at work", async () => {
    await writeFile(join(out, ".pid"), "1");
    const { kill } = process;
    process.kill = () => {
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    };
    try {
      expect(await userError(() => aside(out, async () => {}))).to.include("process 1");
    } finally {
      process.kill = kill;
    }
  });

  it("is refused where the folder cannot be made", async () => {
    expect(await userError(() => aside(join(out, "file"), async () => {}))).to.include(
      "it is a file; choose another folder by --out",
    );
  });
});
