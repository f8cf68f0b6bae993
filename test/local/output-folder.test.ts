import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { replaceResults } from "../../local/output-folder.ts";
import { userError } from "../support/user-error.ts";

describe("A run in the output folder", () => {
  let out: string;
  beforeEach(async () => {
    out = join(await mkdtemp(join(tmpdir(), "output-folder-")), "out");
    await replaceResults(out, (folder) => writeFile(join(folder, "file"), "first"));
  });
  afterEach(() => rm(join(out, ".."), { recursive: true }));

  const content = () => readFile(join(out, "file"), "utf8");

  it("replaces the old results by the new ones, and leaves other files alone", async () => {
    await writeFile(join(out, "notes"), "mine");
    await replaceResults(out, (folder) => writeFile(join(folder, "file"), "second"));
    expect(await content()).to.equal("second");
    expect((await readdir(out)).sort()).to.deep.equal(["file", "notes"]);
  });

  it("keeps the old results if the work fails, and starts the next run in an empty folder", async () => {
    const failed = replaceResults(out, async (folder) => {
      await writeFile(join(folder, "file"), "half");
      throw new Error("broken");
    });
    expect(await failed.catch((error: Error) => error.message)).to.equal("broken");
    expect(await content()).to.equal("first");
    await replaceResults(out, async (folder) => expect(await readdir(folder)).to.be.empty);
    expect(await content()).to.equal("first");
  });

  it("first finishes replacing the results of a run that was interrupted", async () => {
    // The state between two moves: the old file is gone, and the new one is not there yet.
    await mkdir(join(out, ".run", ".old"), { recursive: true });
    await rename(join(out, "file"), join(out, ".run", ".old", "file"));
    await writeFile(join(out, ".run", "file"), "second");
    const failed = replaceResults(out, () => Promise.reject(new Error("broken")));
    expect(await failed.catch((error: Error) => error.message)).to.equal("broken");
    expect(await content()).to.equal("second");
  });

  it("rolls back if a new result cannot replace an old one", async () => {
    const message = await userError(() =>
      replaceResults(out, async (folder) => {
        await writeFile(join(folder, "file"), "second");
        await writeFile(join(folder, "zone"), "new");
        // A file cannot be moved over a folder that is not empty.
        await mkdir(join(folder, ".old", "zone", "full"), { recursive: true });
        await writeFile(join(out, "zone"), "old");
      }),
    );
    expect(message).to.include("that folder still holds the last run");
    expect(await content()).to.equal("first");
    expect(await readFile(join(out, "zone"), "utf8")).to.equal("old");
  });

  it("is refused while another run is working in it, and allowed after that run was killed", async () => {
    await replaceResults(out, async () => {
      expect(await userError(() => replaceResults(out, async () => {}))).to.include(`process ${process.pid}`);
    });
    await writeFile(join(out, ".pid"), "4194999");
    await replaceResults(out, (folder) => writeFile(join(folder, "file"), "third"));
    expect(await content()).to.equal("third");
  });

  it("is refused while another user's run is working in it", async () => {
    await writeFile(join(out, ".pid"), "1");
    const { kill } = process;
    process.kill = () => {
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    };
    try {
      expect(await userError(() => replaceResults(out, async () => {}))).to.include("process 1");
    } finally {
      process.kill = kill;
    }
  });

  it("is refused if the folder cannot be created", async () => {
    expect(await userError(() => replaceResults(join(out, "file"), async () => {}))).to.include(
      "it is a file; choose another folder by --out",
    );
  });
});
