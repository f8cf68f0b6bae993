import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { RUN_IF_FOLDER_UNCHANGED } from "../../components/checked-start.ts";
import { readDbtProject } from "../../components/dbt-project.ts";
import { UploadedCode } from "../../components/uploaded-code.ts";
import { declare, ofType } from "./stack.ts";

const transform = fileURLToPath(new URL("../../transform/", import.meta.url));

describe("the dbt project", () => {
  let folder: string;
  before(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "dbt-")), "/");
    await cp(transform, folder, { recursive: true });
  });
  after(() => rm(folder, { recursive: true }));

  it("is deployed without files that only a laptop needs or leaves behind", async () => {
    const { sha256 } = readDbtProject(folder);
    await cp(join(folder, "models"), join(folder, "target", "compiled"), { recursive: true });
    await cp(join(folder, "models"), join(folder, "logs"), { recursive: true });
    const { files, sha256: after } = readDbtProject(folder);
    expect(Object.keys(files)).to.include.members(["dbt_project.yml", "profiles.yml", "models/sources.yml"]);
    for (const path of Object.keys(files))
      expect(path).to.match(/^(dbt_project\.yml|profiles\.yml|(macros|models|tests)\/)/);
    expect(after).to.equal(sha256);
  });

  it("has the same hash for the same content in any folder, and another after any change", async () => {
    const { sha256 } = readDbtProject(folder);
    expect(sha256).to.equal(readDbtProject().sha256);
    await writeFile(join(folder, "models", "further.sql"), "select 1");
    const further = readDbtProject(folder).sha256;
    await rm(join(folder, "models", "further.sql"));
    await writeFile(join(folder, "models", "renamed.sql"), "select 1");
    const renamed = readDbtProject(folder).sha256;
    expect(new Set([sha256, further, renamed]).size).to.equal(3);
  });
});

describe("the check of the dbt project", () => {
  let folder: string;
  before(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "dbt-")), "/");
    for (const [path, file] of Object.entries(readDbtProject().files)) await cp(file, join(folder, path));
  });
  after(() => rm(folder, { recursive: true }));
  const start = () => {
    const program = ["-c", RUN_IF_FOLDER_UNCHANGED, folder, readDbtProject().sha256, "echo", "built"];
    const { status, stdout, stderr } = spawnSync("python3", program, { encoding: "utf8" });
    return { status, stdout, stderr };
  };

  it("runs a program with its arguments if every file is the deployed one", () => {
    expect(start()).to.deep.equal({ status: 0, stdout: "built\n", stderr: "" });
  });

  it("runs nothing if a file was changed, added or removed", async () => {
    const macro = join(folder, "macros", "dialect.sql");
    const text = readFileSync(macro, "utf8");
    for (const [change, undo] of [
      [() => writeFile(macro, `${text} `), () => writeFile(macro, text)],
      [() => rm(macro), () => writeFile(macro, text)],
      [() => writeFile(join(folder, "macros", "z.sql"), ""), () => rm(join(folder, "macros", "z.sql"))],
    ] as const) {
      await change();
      const { status, stdout, stderr } = start();
      expect([status, stdout]).to.deep.equal([1, ""]);
      expect(stderr).to.match(
        /^error: .* is not the code that was deployed: its SHA-256 is [0-9a-f]{64} and not [0-9a-f]{64}\. Find out/,
      );
      await undo();
    }
    expect(start().status).to.equal(0);
  });
});

describe("the rows of the dbt project", () => {
  let folder: string;
  before(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "dbt-")), "/");
    await cp(transform, folder, { recursive: true });
  });
  after(() => rm(folder, { recursive: true }));
  const changed = async (path: string, change: (text: string) => string) => {
    const before = readDbtProject(folder);
    const file = join(folder, path);
    const text = readFileSync(file, "utf8");
    expect(change(text)).not.to.equal(text);
    await writeFile(file, change(text));
    const after = readDbtProject(folder);
    await writeFile(file, text);
    expect(after.sha256).not.to.equal(before.sha256);
    return after.rows !== before.rows;
  };

  it("do not change with a description or a text of the documentation", async () => {
    const describes = (text: string) => text.replace(/description: .*/, 'description: "other words"');
    expect(await changed("models/sources.yml", describes)).to.equal(false);
    expect(await changed("models/definitions.md", (text) => `${text}.`)).to.equal(false);
  });

  it("change if a file of the documentation is removed or gets another name", async () => {
    const before = readDbtProject(folder).rows;
    await rename(join(folder, "models", "definitions.md"), join(folder, "models", "words.md"));
    const after = readDbtProject(folder).rows;
    await rename(join(folder, "models", "words.md"), join(folder, "models", "definitions.md"));
    expect(after).not.to.equal(before);
  });

  it("change with a model, a test and a macro", async () => {
    expect(await changed("models/dimensions/dim_store.sql", (text) => `${text} -- x`)).to.equal(true);
    expect(await changed("models/facts/facts.yml", (text) => text.replace("not_null", "unique"))).to.equal(true);
    expect(await changed("macros/dialect.sql", (text) => `${text} `)).to.equal(true);
  });
});

describe("UploadedCode", () => {
  const objects = async (hash: string) => {
    const { resources, outputs } = await declare(() => {
      const path = fileURLToPath(import.meta.url);
      const { bundle, functions, dbtFolder, pagesFolder } = new UploadedCode("code", {
        bucket: "b",
        bundle: { path, hash, sha256: "0".repeat(64), programs: { fill: "1", generate: "2", load: "3", report: "4" } },
        dbt: { files: { "dbt_project.yml": path, "models/a.sql": path }, sha256: "f".repeat(64), rows: "dddddddd" },
        pages: { files: { "sales.html": path }, hash: "eeeeeeee" },
      });
      return { bundle, functions, dbtFolder, pagesFolder };
    });
    return { ...outputs, declared: ofType(resources, "bucketObject:BucketObject") };
  };

  it("uploads the bundle, the functions, the reports' pages and each dbt file under names with their hash", async () => {
    const { bundle, functions, dbtFolder, pagesFolder, declared } = await objects("aaaaaaaa");
    expect(bundle).to.equal("runtime/main-aaaaaaaa.mjs");
    expect(functions.generation).to.equal(1);
    expect(functions.object).to.match(/^runtime\/functions-[0-9a-f]{8}\.zip$/);
    expect(dbtFolder).to.equal("dbt/dddddddd");
    expect(pagesFolder).to.equal("runtime/pages-eeeeeeee");
    const uploaded = declared.map(({ inputs }) => inputs.name).sort();
    expect(uploaded).to.deep.equal(
      [
        "dbt/dddddddd/dbt_project.yml",
        "dbt/dddddddd/models/a.sql",
        "runtime/pages-eeeeeeee/sales.html",
        functions.object,
        bundle,
      ].sort(),
    );
  });

  it("gives changed code another Pulumi name, so that the old object is deleted after the new one exists", async () => {
    const [one, other] = [await objects("aaaaaaaa"), await objects("bbbbbbbb")];
    const names = (of: typeof one) => of.declared.map(({ name }) => name).filter((name) => !/dbt|pages/.test(name));
    for (const name of names(one)) expect(names(other)).not.to.include(name);
  });

  it("installs the functions with the version of functions-framework that the tests use", async () => {
    const { declared } = await objects("aaaaaaaa");
    const zip = declared.find(({ inputs }) => inputs.name.endsWith(".zip"));
    const { text } = zip?.inputs.source.assets["package.json"] ?? {};
    const { dependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    const framework = "@google-cloud/functions-framework";
    expect(JSON.parse(text)).to.deep.include({ type: "module", main: "index.mjs" });
    expect(JSON.parse(text).dependencies).to.deep.equal({ [framework]: dependencies[framework] });
  });
});
