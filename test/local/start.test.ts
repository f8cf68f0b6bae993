import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { readUseCases } from "../../cleanroom/use-cases.ts";
import { openWarehouse, type ResultRow } from "../../generator/warehouse/warehouse.ts";
import { decodeReport } from "../../report/decode.ts";
import type { Report } from "../../report/report.ts";

const root = join(import.meta.dirname, "../..");
const realExport = join(root, "../shared/data/thelook-export");
const small = ["--until", "2024-03-31", "--days", "60", "--scale", "0.1"];

interface Outcome {
  readonly code: number;
  readonly output: string;
}

async function npmStart(...args: string[]): Promise<Outcome> {
  const run = promisify(execFile)(process.execPath, [join(root, "local/start.ts"), ...args], { cwd: root });
  const outcome = await run.catch((error: { code: number; stdout: string; stderr: string }) => error);
  return { code: "code" in outcome ? outcome.code : 0, output: outcome.stdout + outcome.stderr };
}

async function readReport(folder: string, page: string): Promise<Report<unknown>> {
  const html = await readFile(join(folder, page), "utf8");
  return decodeReport(/<script type="text\/plain" id="data">([^<]+)</.exec(html)?.[1] ?? "");
}

/** Every row of every table, by `dataset.table`. */
async function allTables(out: string): Promise<Record<string, ResultRow[]>> {
  const warehouse = await openWarehouse(`duckdb://${join(out, "warehouse.duckdb")}`);
  try {
    const names = await warehouse.run(
      "SELECT schema_name || '.' || table_name AS name FROM duckdb_tables() ORDER BY 1",
    );
    const tables: Record<string, ResultRow[]> = {};
    for (const { name } of names) tables[String(name)] = await warehouse.run(`SELECT * FROM ${name} ORDER BY ALL`);
    return tables;
  } finally {
    await warehouse.close();
  }
}

describe("npm start", () => {
  let folder: string;
  let out: string;
  let outcome: Outcome;
  let tables: Record<string, ResultRow[]>;
  before(async function () {
    // The export lies beside the checkout where the project is built; elsewhere the synthetic one takes its place.
    const thelook = existsSync(realExport) ? ["--thelook", realExport] : [];
    folder = await mkdtemp(join(tmpdir(), "start-"));
    out = join(folder, "out");
    this.timeout(120_000);
    outcome = await npmStart("--out", out, ...thelook, ...small);
    expect(outcome.code, outcome.output).to.equal(0);
    tables = await allTables(out);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("fills every table of both demos", () => {
    expect(Object.keys(tables)).to.have.length(24);
    for (const [name, rows] of Object.entries(tables)) expect(rows, name).not.to.be.empty;
  });

  it("answers the use cases as the parties, on the screen and as CSV, and keeps what a rule says to the one it refuses", async () => {
    const answered: string[] = [];
    for (const { name, title, refused } of readUseCases()) {
      expect(outcome.output).to.include(`✓ ${title}`);
      const file = join(out, "answers", `${name}.${refused === undefined ? "csv" : "txt"}`);
      const lines = (await readFile(file, "utf8")).trim().split("\n");
      if (lines.length > 1) answered.push(name);
      expect(outcome.output).to.include(refused === undefined ? lines[0]?.split(",").at(-1) : lines[0]);
    }
    // Of so few customers, some groups are all too small.
    expect(answered).to.include.members(["01-transaction-verification", "02-segmentation-by-tier", "05-overlap"]);
    // And what the report says of them.
    expect(await readdir(join(out, "answers"))).to.have.length(readUseCases().length + 1);
    expect(outcome.output).to.match(/Rules: groups of fewer than 50 left out \(linked_ewallet_provider/);
  });

  it("keeps what jobs wrote in the declared bucket", async () => {
    const files = await readdir(join(out, "bucket"), { recursive: true });
    for (const file of ["csv_sources/manifest.json", "dbt/artifacts/docs/static_index.html"])
      expect(
        files.filter((name) => name.endsWith(file)),
        file,
      ).to.have.length(1);
    expect(existsSync("/mnt/bucket"), "the path that the bucket has in the cloud").to.equal(false);
  });

  it("writes the reports where a person opens them, and in the declared bucket, and prints the link", async () => {
    const bucket = join(out, "bucket", "demo-project-coffee-demo-reports");
    expect(await readdir(join(out, "report"))).to.include.members(await readdir(bucket));
    for (const page of ["sales.html", "customers.html"]) {
      const [here, there] = await Promise.all([join(out, "report"), bucket].map((folder) => readReport(folder, page)));
      expect(here?.data, page).to.deep.equal(there?.data);
      expect(here?.missing, page).to.deep.equal({});
    }
    expect(outcome.output).to.include(pathToFileURL(join(out, "report", "index.html")).href);
    expect(outcome.output).to.include(`npm run report -- --out "${out}" --open`);
  });

  it("says how many rows it made and where to look", () => {
    expect(outcome.output).to.match(/coffee_marts +flat_order_details +[\d,]{3,}/);
    expect(outcome.output).to.match(/Done in [\d.]+ s/);
  });

  it("leaves everything as it was when its input is bad, and says so in one message with exit code 1", async () => {
    for (const bad of [
      ["--until", "2021-12-31"],
      ["--thelook", join(folder, "nothing-here")],
      ["--thelook", join(root, "transform")],
    ]) {
      const { code, output } = await npmStart("--out", out, ...bad);
      expect(code, output).to.equal(1);
      expect(output)
        .to.match(/^error: /m)
        .and.not.match(/^\s+at |index\.ts/m);
    }
    expect(await allTables(out)).to.deep.equal(tables);
  });

  it("refuses a target that cannot be written to", async () => {
    const { code, output } = await npmStart("--out", join(root, "package.json"), ...small);
    expect(code, output).to.equal(1);
    expect(output)
      .to.include("package.json")
      .and.not.match(/^\s+at /m);
  });

  it("makes every table the same again when it runs twice", async function () {
    this.timeout(120_000);
    const thelook = existsSync(realExport) ? ["--thelook", realExport] : [];
    expect((await npmStart("--out", out, ...thelook, ...small)).code).to.equal(0);
    expect(await allTables(out)).to.deep.equal(tables);
  });
});
