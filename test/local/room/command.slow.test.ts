import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { ROOM_FILE } from "../../../local/rehearsed-room.ts";
import { type SmallRoom, smallRoom } from "../../../packages/analysis-rules/test/small-room.ts";
import { send } from "./served-room.ts";

const program = join(import.meta.dirname, "../../../local/room-command.ts");

describe("npm run room", function () {
  this.timeout(60_000);
  let small: SmallRoom;
  before(async () => {
    small = await smallRoom([
      { city: "Lviv", tier: "Free", verified: true, points: 1, score: 0.5, rows: 1, shared: true },
    ]);
    await writeFile(join(small.folder, ROOM_FILE), JSON.stringify(small.options.room));
  });
  after(() => small.close());

  function start(...args: string[]): ChildProcess {
    return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, "--no-open", ...args]);
  }

  async function ended(child: ChildProcess) {
    const [out, error, [code]] = await Promise.all([
      text(child.stdout as NodeJS.ReadableStream),
      text(child.stderr as NodeJS.ReadableStream),
      once(child, "close"),
    ]);
    return { out, error, code };
  }

  it("installs dbt and GoogleSQL only once it has something to open: --help and wrong settings wait for nothing", async () => {
    const { scripts } = JSON.parse(await readFile(join(import.meta.dirname, "../../../package.json"), "utf8"));
    for (const name of ["room", "attack"])
      expect(scripts[name]).to.match(/^node local\/install\.mjs --node-only && exec /);
    const { out, code } = await ended(start("--help"));
    expect(out).to.match(/^npm run room -- \[settings\]: opens a page/);
    expect(code).to.equal(0);
  });

  it("keeps the code of the query's modules, and Node does not compile them again", async () => {
    const command = join(import.meta.dirname, "../../../local/room/command.mjs");
    const query = async () => {
      const args = [
        "--disable-warning=ExperimentalWarning",
        command,
        "query",
        "--as",
        "merchant",
        "SELECT 1",
        "--out",
        small.folder,
      ];
      // The tests have a cache of their own.
      const env = { ...process.env, NODE_COMPILE_CACHE: undefined, NODE_DEBUG_NATIVE: "COMPILE_CACHE" };
      const { error } = await ended(spawn(process.execPath, args, { env }));
      return [...error.matchAll(/^\[compile cache\] cache for .*?([^/\n]+) was (\w+)/gm)].map(
        ([, file, how]) => `${file} ${how}`,
      );
    };
    await query();
    const again = await query();
    expect(again).to.include.members(["query.mjs accepted", "duckdb.js accepted"]);
    expect(again.filter((file) => !file.endsWith(" accepted"))).to.deep.equal([]);
  });

  it("makes the query's bundle again in a moved folder, where the virtual environment is another one", async () => {
    const local = join(import.meta.dirname, "../../../local");
    const file = join(local, "../dist/room/built.json");
    const query = () => ended(spawn(process.execPath, [join(local, "room/command.mjs"), "query", "--help"]));
    await query();
    const built = await readFile(file, "utf8");
    expect(JSON.parse(built)).to.have.property("root");
    await writeFile(file, JSON.stringify({ ...JSON.parse(built), root: "/elsewhere/" }));
    await query();
    expect(await readFile(file, "utf8")).to.equal(built);
  });

  it("says in one sentence that npm start comes first", async () => {
    const empty = await mkdtemp(join(small.folder, "empty-"));
    const { error, code } = await ended(start("--out", empty));
    expect([error.trim(), code]).to.deep.equal([
      `error: there is no rehearsal in ${empty} yet: run npm start first`,
      1,
    ]);
  });

  it("prints its address, listens on this machine only, refuses a taken port, and ends on a signal", async () => {
    const child = start("--out", small.folder, "--port", "0");
    const over = ended(child);
    const [first] = await once(child.stdout as NodeJS.ReadableStream, "data");
    const [, url = "", port = ""] =
      /^(http:\/\/127\.0\.0\.1:(\d+)\/) {2}\(Ctrl-C ends it\)\n$/.exec(String(first)) ?? [];
    expect((await send(url, {})).text).to.contain("Ask the clean room");
    const other = await ended(start("--out", small.folder, "--port", port));
    expect([other.error.trim(), other.code]).to.deep.equal([
      `error: port ${port} is taken: if http://127.0.0.1:${port}/ already shows the room, use that one, or name another port with --port`,
      1,
    ]);
    child.kill("SIGTERM");
    expect(await over).to.include({ code: 0, error: "" });
  });
});
