import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { readPulumiYaml } from "../pulumi-yaml.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(root + file, "utf8");
const folders = ["local", "packages/googlesql-duckdb/analyser", "test/support", "transform"];
const wanted = folders.flatMap((folder) =>
  readdirSync(root + folder)
    .filter((name) => /^requirements.*\.in$/.test(name))
    .map((name) => `${folder}/${name}`),
);
/** The packages that a file names, with their versions if it has any. */
const packages = (text: string) =>
  new Map(
    [...text.matchAll(/^([\w.-]+)(?:\[\w+\])?(?:==(\S+))?/gm)].map(([, name = "", version]) => [
      name.toLowerCase().replaceAll("_", "-"),
      version,
    ]),
  );

describe("Python packages", () => {
  it("are wanted in seven files", () => {
    expect(wanted).to.have.length(7);
  });

  for (const file of wanted)
    it(`of ${file} are locked with all that they need, by version and hash, and without a registry's address`, () => {
      const text = read(file.replace(/in$/, "txt"));
      const locked = packages(text.replaceAll(/^#.*$/gm, ""));
      for (const [name, version] of packages(read(file).replaceAll(/^#.*$/gm, ""))) {
        expect(locked.has(name), `${name} is locked: run local/lock-python.sh`).to.equal(true);
        if (version !== undefined) expect(locked.get(name), name).to.equal(version);
      }
      for (const entry of text
        .replaceAll(/^#.*\n/gm, "")
        .trim()
        .split(/\n(?! )/))
        expect(entry).to.match(/^[\w.-]+==[\w.]+( ; [^\n]+?)? \\\n( +--hash=sha256:[0-9a-f]{64}( \\\n)?)+$/);
      expect(text).not.to.match(/https?:|--(extra-)?index-url|--find-links/);
    });

  it("have the same dbt-bigquery as the image in which dbt runs in the cloud", () => {
    const locked = packages(read("transform/requirements.txt"));
    expect(locked.get("dbt-bigquery")).to.equal(readPulumiYaml().settings.dbtTag?.default);
  });
});
