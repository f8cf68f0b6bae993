import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { evaluate, rehearse } from "pulumi-rehearsal";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import { adapters } from "../../local/adapters.ts";
import { guesses } from "../../local/attack-room.ts";
import { databases, databaseUrl } from "../../local/output-folder.ts";
import { partOf } from "../../packages/pulumi-rehearsal/test/draft.ts";
import { readPulumiYaml } from "../../pulumi-yaml.ts";

const root = join(import.meta.dirname, "../..");
const page = (name: string) => readFile(join(root, name), "utf8");

/** The lines of a text that are not blank, without the blanks around them. */
const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** The clean room of `npm start` with its default settings, whose figures README and docs/clean-room.md show. */
describe("The documented answers of the clean room", function () {
  this.timeout(300_000);
  let out: string;
  before(async () => {
    out = await mkdtemp(join(tmpdir(), "documented-answers-"));
    const { program, defaults } = readPulumiYaml(new URL("../../Pulumi.yaml", import.meta.url));
    const options = { project: "demo-project", program, config: defaults, adapters };
    const declaration = await evaluate(() => import("../../index.ts"), options);
    const sharing = declaration.resources.map(({ name }) => name).filter((name) => name.startsWith("clean-room-"));
    const env = { REHEARSAL_THELOOK: "synthetic:" };
    await rehearse(partOf(declaration, "parties-filled", ...sharing), { out, adapters, env });
  });
  after(() => rm(out, { recursive: true, force: true }));

  /** Runs `npm run query` with arguments. */
  const query = async (args: readonly string[]) => {
    const program = [join(root, "local/room/command.mjs"), "query", "--out", out, ...args];
    const options = { encoding: "utf8" } as const;
    const run = promisify(execFile)(process.execPath, ["--disable-warning=ExperimentalWarning", ...program], options);
    const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
    return stdout + stderr;
  };
  /** Compares an answer with the documented one, in which a line that ends in … is cut. */
  const expectSame = (printed: string, documented: string) => {
    const cut = linesOf(documented).map((line) => line.replace(/ …$/, ""));
    const found = linesOf(printed).map((line, at) => (line.startsWith(cut[at] ?? "") ? (cut[at] ?? line) : line));
    expect(found).to.deep.equal(cut);
  };

  it("are those of the commands in docs/clean-room.md", async () => {
    const commands = [
      ...(await page("docs/clean-room.md")).matchAll(
        /^\$ npm run query -- --as (\w+) --explain "([^"]*)"\n([\s\S]*?)^```/gm,
      ),
    ];
    expect(commands).to.have.length(4);
    for (const [, party = "", sql = "", answer = ""] of commands)
      expectSame(await query(["--as", party, "--explain", sql]), answer);
  });

  it("are those of the question in README", async () => {
    const [, rows = ""] = /^ {4}account_tier .*\n.*\n([\s\S]*?)\n\n/m.exec(await page("README.md")) ?? [];
    const file = join(root, "cleanroom/use-cases/02-segmentation-by-tier.sql");
    const printed = linesOf(await query(["--as", "merchant", "--file", file])).slice(2, 5);
    const columns = (line: string) => line.split(/\s+/);
    expect(linesOf(rows).map(columns)).to.deep.equal(printed.map(columns));
  });

  it("are those of the attacks that win everything", async () => {
    const warehouse = await openWarehouse(databaseUrl({ out }, databases.cleanRoom), { readOnly: true });
    try {
      const [row] = await warehouse.run(`SELECT (SELECT count(*) FROM merchant.users) AS customers,
        (SELECT count(*) FROM merchant.users JOIN ewallet_provider.provider_users USING (hashed_email)) AS common`);
      const text = (value: unknown) => Number(value).toLocaleString("en");
      const guide = await page("docs/clean-room.md");
      const [common, customers, addresses] = [row?.common, row?.customers, [...guesses()].length].map(text);
      expect(guide).to.include(`| **Reading the rows**: \`SELECT\` them | ${common} of ${common} |`);
      expect(guide).to.include(`${addresses} addresses made from common names`);
      expect(guide).to.include(`recovers the addresses of all ${customers} customers`);
    } finally {
      await warehouse.close();
    }
  });
});
