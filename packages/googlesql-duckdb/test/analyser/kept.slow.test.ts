import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { expect } from "chai";

const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
const installed = fileURLToPath(new URL("../../../../.venv/googlesql.json", import.meta.url));

describe("The analyser that an earlier process kept", function () {
  this.timeout(300_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "kept-"));
    await copyFile(installed, join(folder, "googlesql.json"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Runs statements in a process of their own, after `analyser` was loaded for one table. Returns what they print. */
  async function inProcess(statements: string, first = ""): Promise<string> {
    const program = `import { loadAnalyser, compileToKeep } from ${at("../../src/tree.ts")};
      ${first}
      const columns = [{ name: "city", kind: "STRING" }, { name: "n", kind: "INT64" }];
      const analyser = await loadAnalyser([{ id: "t", paths: [["shop", "t"]], columns }], ${JSON.stringify(join(folder, "googlesql.json"))});
      const tree = (sql) => JSON.stringify(analyser.analyse(sql).query);
      ${statements}`;
    const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program];
    return (await promisify(execFile)(process.execPath, args)).stdout;
  }
  it("leaves V8 its usual flags while a program loads its modules: with others it compiles those of Node again", async () => {
    // A function of V8's own is a syntax error without the analyser's flags.
    const program = `import { startSoon } from ${at("../../src/soon.ts")};
      startSoon();
      try { new Function("return %IsBeingInterpreted()"); console.log("the analyser's flags"); } catch { console.log("the usual flags"); }`;
    const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program];
    expect((await promisify(execFile)(process.execPath, args)).stdout).to.equal("the usual flags\n");
  });

  const shown = 'console.log(tree("SELECT city, SUM(n) AS n FROM shop.t GROUP BY city"), tree("SELECT 1"));';

  it("reads queries like a newly started one, and works without kept files that cannot be used", async () => {
    const anew = await inProcess(shown);
    await inProcess('analyser.analyse("SELECT 1"); analyser.keep("code");', "compileToKeep();");
    expect(await inProcess(shown), "with the code").to.equal(anew);
    await inProcess('analyser.keep("image");');
    expect(await inProcess(shown), "with the code and the memory").to.equal(anew);
    const kept = join(folder, "googlesql-kept");
    const files = await readdir(kept);
    expect(files.map((file) => file.replace(/^\w+-/, "").replace(/-\w+$/, "")).sort()).to.deep.equal([
      ...["code", "image", "language"],
    ]);
    const path = (kind: RegExp) => join(kept, files.find((file) => kind.test(file)) as string);
    const those = { language: path(/language/), memory: path(/-image-/), code: path(/-code$/) };
    for (const [what, file] of Object.entries(those)) {
      const whole = await readFile(file);
      const middle = Math.floor(whole.length / 2);
      // In the middle, because V8 itself checks the beginning of its code only, and runs the rest.
      const damaged = Buffer.from(whole).fill(0x90, middle, middle + 1000);
      for (const [how, bytes] of Object.entries({
        damaged,
        "cut off": whole.subarray(0, middle),
        empty: [],
      })) {
        await writeFile(file, Buffer.from(bytes));
        expect(await inProcess(shown), `with ${what} that is ${how}`).to.equal(anew);
      }
      await writeFile(file, whole);
    }
    // The first bytes say which V8 made the code.
    const other = Buffer.alloc(1000);
    await writeFile(path(/-code$/), Buffer.concat([other, Buffer.from(Uint32Array.of(crc32(other)).buffer)]));
    expect(await inProcess(shown), "with code of another V8").to.equal(anew);
  });
});
