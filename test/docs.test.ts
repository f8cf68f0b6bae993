import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "chai";
import { shareViews } from "../cleanroom/views.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const guide = read("docs/cloud.md");

describe("docs/cloud.md", () => {
  it("explains every output of the stack, and none that it does not have", () => {
    const outputs = [...read("index.ts").matchAll(/^export (?:const |\{ \w+ as )(\w+)/gm)].map(([, name]) => name);
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
    const cents = Math.round(100 * Number(sum));
    expect(guide).to.include(`**About ${cents} US cents a day`);
    expect(read("README.md")).to.include(`what a day costs (about ${cents} US cents`);
  });

  it("prices as many of dbt's models and tests as README shows", () => {
    const models = readdirSync(join(root, "transform/models"), { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".sql"),
    ).length;
    const [, tests = ""] = /coffee-dbt-job .* \d+ models, (\d+) tests passed/.exec(read("README.md")) ?? [];
    expect(guide).to.include(`(${models} models, ${tests} tests, ${models} published marts and `);
    expect(read("README.md")).to.include(` ${models} models, ${tests} tests passed`);
  });
});

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = spawnSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" }).stdout.trim().split("\n");

/** The id that GitHub gives a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

describe("The documents", () => {
  it("are README, those in docs, and one for each package", () => {
    expect(pages).to.include.members(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"]);
    expect(pages).to.include.members(["docs/change-it.md", "docs/clean-room.md", "docs/cloud.md", "docs/traps.md"]);
  });

  for (const page of pages) {
    it(`${page} links to files and headings that exist`, () => {
      for (const [, link = ""] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        // A link within dbt's documentation starts with #!/; test/transform follows it.
        if (/^https:|^#!/.test(link)) continue;
        const [path = "", heading] = link.split("#");
        const file = path === "" ? page : relative(root, fileURLToPath(new URL(path, pathToFileURL(`${root}${page}`))));
        expect(existsSync(join(root, file)), `${page} links to ${link}`).to.equal(true);
        if (heading === undefined) continue;
        const headings = [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => anchor(text));
        expect(headings, `${page} links to ${link}`).to.include(heading);
      }
    });

    it(`${page} has commands that bash can read and scripts that exist`, () => {
      const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
      for (const [, block = ""] of read(page).matchAll(/^ *```bash\n([\s\S]*?)^ *```$/gm)) {
        const { status, stderr } = spawnSync("bash", ["-n"], { input: block, encoding: "utf8" });
        expect(status, `${stderr}\n${block}`).to.equal(0);
        for (const [, script = ""] of block.matchAll(/\bnpm (?:run (?:-s )?)?([a-z]+)\b(?! -w)/g))
          if (!["ci", "install", "pack"].includes(script)) expect(Object.keys(scripts), block).to.include(script);
      }
    });
  }
});

describe("docs/change-it.md", () => {
  const recipes = read("docs/change-it.md");

  it("has diffs of which the old or the new lines are in the named file exactly once, next to each other", () => {
    const hunks = diffs(recipes);
    expect(hunks.length).to.be.greaterThan(15);
    for (const { file, old, new: changed } of hunks) {
      // A reader who followed a recipe has the new lines.
      const found = Math.max(timesIn(read(file), changed), timesIn(read(file), old));
      expect(found, `${file} has these lines ${found} times:\n${old.join("\n")}\n`).to.equal(1);
    }
  });

  it("has diffs that fit before and after they are applied", () => {
    for (const { file, old, new: changed } of diffs(recipes)) {
      const text = read(file);
      if (timesIn(text, old) === 0) continue;
      const applied = `\n${text}`.replace(`\n${old.join("\n")}\n`, () => `\n${changed.join("\n")}\n`).slice(1);
      expect(timesIn(applied, changed), file).to.equal(1);
      expect(timesIn(applied, old), file).to.be.at.most(1);
    }
  });

  it("adds something in each diff, and removes or keeps at least one line to find the place by", () => {
    for (const { file, old, new: changed } of diffs(recipes)) {
      expect(changed.length, file).to.be.greaterThan(0);
      expect(changed, file).not.to.deep.equal(old);
      expect(old.length, file).to.be.greaterThan(0);
    }
  });
});

/** A part of a diff: adjacent lines of a file. */
interface Hunk {
  readonly file: string;
  /** The lines as they are before the change: context and removed ones. */
  readonly old: string[];
  /** The lines as they are after it: context and added ones. */
  readonly new: string[];
}

/** How often a text has these lines next to each other. */
function timesIn(text: string, lines: readonly string[]): number {
  return `\n${text}`.split(`\n${lines.join("\n")}\n`).length - 1;
}

/** Reads the diff blocks of a document. A line `--- file` names the file, and `@@` separates places in it. */
function diffs(text: string): Hunk[] {
  const hunks: Hunk[] = [];
  for (const [, indent = "", block = ""] of text.matchAll(/^( *)```diff\n([\s\S]*?)^ *```$/gm)) {
    let file = "";
    for (const line of block.split("\n").slice(0, -1)) {
      const rest = line.slice(indent.length);
      if (rest.startsWith("--- ")) file = rest.slice("--- ".length);
      if (rest.startsWith("--- ") || rest === "@@") hunks.push({ file, old: [], new: [] });
      else {
        if (!rest.startsWith("+")) hunks.at(-1)?.old.push(rest.slice(1));
        if (!rest.startsWith("-")) hunks.at(-1)?.new.push(rest.slice(1));
      }
    }
  }
  return hunks;
}
