import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { replaceResults } from "../../local/output-folder.ts";
import { killWithinSwap, LINK, winnersOf } from "../faults/swap.ts";
import { userError } from "../support/user-error.ts";

describe("A run in the output folder", () => {
  let out: string;
  beforeEach(async () => {
    out = join(await mkdtemp(join(tmpdir(), "output-folder-")), "out");
    await replaceResults(out, (folder) => writeFile(join(folder, "file"), "first"));
  });
  afterEach(() => rm(join(out, ".."), { recursive: true }));

  const replaceByFile = async (path: string, content: string) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  };
  const content = () => readFile(join(out, "file"), "utf8");

  it("replaces the old results by the new ones, and leaves other files alone", async () => {
    await writeFile(join(out, "notes"), "mine");
    await replaceResults(out, (folder) => writeFile(join(folder, "other"), "second"));
    expect(await readFile(join(out, "other"), "utf8")).to.equal("second");
    expect((await readdir(out)).filter((name) => !name.startsWith("."))).to.have.members(["notes", "other"]);
    expect(await readdir(join(out, ".runs"))).to.have.length(1);
  });

  it("is refused where a result would replace somebody's own file", async () => {
    const other = join(out, "..", "other");
    await replaceByFile(join(other, "report", "mine.ts"), "mine");
    const refused = (name: string) =>
      userError(() => replaceResults(other, (folder) => writeFile(join(folder, name), "new")));
    expect(await refused("file")).to.match(/other holds report, not made by npm start: choose another --out/);
    await rename(join(other, "report"), join(other, "file"));
    expect(await refused("file")).to.match(/other holds file, not made by npm start/);
    expect(await readFile(join(other, "file", "mine.ts"), "utf8")).to.equal("mine");
  });

  it("keeps the old results if the work fails, and starts the next run in an empty folder", async () => {
    const failed = replaceResults(out, async (folder) => {
      await writeFile(join(folder, "file"), "half");
      throw new Error("broken");
    });
    expect(await failed.catch((error: Error) => error.message)).to.equal("broken");
    expect(await content()).to.equal("first");
    await replaceResults(out, async (folder) => expect(await readdir(folder)).to.be.empty);
  });

  it("says that the folder is a link to nothing, or was removed meanwhile", async () => {
    const link = join(out, "..", "link");
    await symlink(join(out, "nowhere", "deeper"), link);
    for (const path of [link, join(link, "below")])
      expect(await userError(() => replaceResults(path, async () => {}))).to.equal(
        `${link} is a link to a folder that does not exist: create that folder, or choose another`,
      );
    expect(await userError(() => replaceResults(out, () => rm(out, { recursive: true })))).to.match(
      /run-\S+ was removed while this command wrote to it: run it again/,
    );
    await mkdir(out);
  });

  it("keeps the old results if the new ones cannot replace them", async () => {
    const message = await userError(() =>
      replaceResults(out, async (folder) => {
        await writeFile(join(folder, "file"), "second");
        // A link cannot be renamed over a folder.
        await rm(join(out, ".current"));
        await mkdir(join(out, ".current"));
        await writeFile(join(out, ".current", "file"), "first");
      }),
    );
    expect(message).to.include("that folder still holds the last run");
    expect(await content()).to.equal("first");
  });

  it("keeps the results of the layout without links until the first new ones are complete, even if it is killed while it moves them", async () => {
    await rm(out, { recursive: true });
    for (const name of ["warehouse.duckdb", "logs"]) await replaceByFile(join(out, name), "first");
    await mkdir(join(out, "report"));
    await writeFile(join(out, "report", "index.html"), "first");
    // The state after a kill: one result is moved and not yet linked.
    await mkdir(join(out, ".runs", "earlier"), { recursive: true });
    await symlink(join(".runs", "earlier"), join(out, ".current"));
    await rename(join(out, "logs"), join(out, ".runs", "earlier", "logs"));
    const failed = replaceResults(out, () => Promise.reject(new Error("broken")));
    expect(await failed.catch((error: Error) => error.message)).to.equal("broken");
    for (const name of ["warehouse.duckdb", "logs", "report/index.html"])
      expect(await readFile(join(out, name), "utf8"), name).to.equal("first");
    await replaceResults(out, (folder) => writeFile(join(folder, "warehouse.duckdb"), "second"));
    expect(await readFile(join(out, "warehouse.duckdb"), "utf8")).to.equal("second");
    expect((await readdir(out)).filter((name) => !name.startsWith("."))).to.deep.equal(["warehouse.duckdb"]);
  });

  it("is refused while another run is working in it, and names its process", async () => {
    await replaceResults(out, async () => {
      expect(await userError(() => replaceResults(out, async () => {}))).to.include(`process ${process.pid}`);
    });
  });

  it("is not kept out by the process id of another program, which a killed run may have left", async () => {
    await writeFile(join(out, ".pid"), "1");
    await replaceResults(out, (folder) => writeFile(join(folder, "file"), "third"));
    expect(await content()).to.equal("third");
  });

  it("leaves the results of one run, whole, wherever its process is killed, and lets one of several runs in afterwards", async () => {
    const tried = await killWithinSwap(out, LINK, 4);
    expect(tried.filter(({ lost }) => lost !== undefined)).to.deep.equal([]);
    expect(await winnersOf(out, 3)).to.equal(1);
  });

  it("is refused if the folder cannot be created", async () => {
    expect(await userError(() => replaceResults(join(out, "file"), async () => {}))).to.include(
      "it is a file; choose another folder with --out",
    );
  });
});
