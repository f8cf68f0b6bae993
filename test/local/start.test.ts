import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { templates } from "../../cleanroom/templates.ts";
import { readUseCases } from "../../cleanroom/use-cases.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import type { ResultRow } from "../../generator/warehouse/warehouse.ts";
import { databasesIn, databaseUrl } from "../../local/output-folder.ts";
import type { CleanRoomData } from "../../report/clean-room/shape.ts";
import { decodeReport, type Report } from "../../report/report.ts";

const itInCI = process.env.CI ? it : it.skip;
const root = join(import.meta.dirname, "../..");
const realExport = join(root, "../shared/data/thelook-export");
const small = ["--until", "2024-03-31", "--days", "60", "--scale", "0.1"];

interface Outcome {
  readonly code: number;
  readonly output: string;
}

async function npmStart(...args: string[]): Promise<Outcome> {
  const run = promisify(execFile)(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(root, "local/start.ts"), ...args],
    { cwd: root },
  );
  const outcome = await run.catch((error: { code: number; stdout: string; stderr: string }) => error);
  return { code: "code" in outcome ? outcome.code : 0, output: outcome.stdout + outcome.stderr };
}

async function readReport(folder: string, page: string): Promise<Report<unknown>> {
  const html = await readFile(join(folder, page), "utf8");
  return decodeReport(/<script type="text\/plain" id="data">([^<]+)</.exec(html)?.[1] ?? "");
}

/** The time of the last change in /mnt/bucket, the path of the bucket in the cloud. This machine may have such a folder too. */
const mountedBucket = () => statSync("/mnt/bucket", { throwIfNoEntry: false })?.mtimeMs;

/** Every row of every table, by `dataset.table`. */
async function allTables(out: string): Promise<Record<string, ResultRow[]>> {
  const tables: Record<string, ResultRow[]> = {};
  for (const database of databasesIn({ out })) {
    const warehouse = await openWarehouse(databaseUrl({ out }, database));
    try {
      const names = await warehouse.run("SELECT schema_name || '.' || table_name AS name FROM duckdb_tables()");
      for (const { name } of names) tables[String(name)] = await warehouse.run(`SELECT * FROM ${name} ORDER BY ALL`);
    } finally {
      await warehouse.close();
    }
  }
  return tables;
}

/** Leaves out the tables that say which run is loaded and built, and when. */
function withoutRecords(tables: Record<string, ResultRow[]>): Record<string, ResultRow[]> {
  const records = /\.(loads|loaded_files|last_build|built_from|loaded_months|built_months)$/;
  return Object.fromEntries(Object.entries(tables).filter(([name]) => !records.test(name)));
}

describe("npm start", () => {
  let folder: string;
  let out: string;
  let outcome: Outcome;
  let tables: Record<string, ResultRow[]>;
  const bucketBefore = mountedBucket();
  before(async function () {
    // Use the real export if it is beside the checkout, otherwise the synthetic one.
    const thelook = existsSync(realExport) ? ["--thelook", realExport] : [];
    folder = await mkdtemp(join(tmpdir(), "start-"));
    out = join(folder, "out");
    this.timeout(600_000);
    outcome = await npmStart("--out", out, ...thelook, ...small);
    expect(outcome.code, outcome.output).to.equal(0);
    tables = await allTables(out);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("fills every table of both demos", () => {
    expect(Object.keys(tables)).to.have.length(35);
    for (const [name, rows] of Object.entries(tables)) expect(rows, name).not.to.be.empty;
  });

  it("prints one screen, at most 80 columns wide", () => {
    const lines = outcome.output.trimEnd().split("\n");
    // 82 today; a schedule or a template more still fits.
    expect(lines).to.have.length.below(90);
    const wide = lines.filter((line) => line.length > 80 && !line.includes(folder));
    expect(wide).to.deep.equal([]);
    for (const title of ["Deployment", "Night", "Answers of the clean room", "Done in"])
      expect(lines.some((line) => line.startsWith(title))).to.equal(true, title);
    const [first, second, third] = readUseCases();
    for (const shown of [first, second]) expect(outcome.output).to.include(`✓ ${shown?.title}`);
    expect(outcome.output).not.to.include(`✓ ${third?.title}`);
    expect(outcome.output).to.match(/✓ template \w+ [\s\S]*✓ \d+ more query templates/);
    expect(outcome.output).to.match(/✓ \d+ more questions .* answered, 1 refused by a rule/);
    expect(outcome.output).to.match(
      /^ {4}[\d,]+ of [\d,]+ rows left out, mainly (repeated e-mail addresses|repeats of a row);\s+logs\/thelook-fill-job\.log\s+counts\s+the\s+reasons$/m,
    );
  });

  it("answers each use case as its party as CSV, or writes the rule that refuses it", async () => {
    const answered: string[] = [];
    for (const { name, refused } of readUseCases()) {
      const file = join(out, "answers", `${name}.${refused === undefined ? "csv" : "txt"}`);
      const lines = (await readFile(file, "utf8")).trim().split("\n");
      if (lines.length > 1) answered.push(name);
    }
    // With so few customers, the other use cases may have no group that is large enough.
    expect(answered).to.include.members(["01-transaction-verification", "02-segmentation-by-tier", "05-overlap"]);
    // One more file, from which the report is written.
    const files = readUseCases().length + templates.length + 1;
    expect(await readdir(join(out, "answers"))).to.have.length(files);
    expect(outcome.output).to.match(/Rules: groups of fewer than 50 suppressed\s+\(linked_ewallet_provider/);
  });

  it("writes the rules of each answer to the clean room's report as sentences", async () => {
    const { data } = await readReport(join(out, "report"), "clean-room.html");
    const rules = (data as CleanRoomData).useCases.flatMap((useCase) => useCase.rules).join("\n");
    expect(rules)
      .to.match(/^linked_ewallet_provider\.provider_users_shared: /m)
      .and.match(/^Groups with fewer than 50 people are suppressed; their number is not shown$/m)
      .and.match(
        /^The figures contain noise and count each person only up to a bound; epsilon 2(\.\d+)? of 3 and delta 0\.0000\d+ of 0\.00002 are left in the privacy budget$/m,
      );
  });

  it("counts the calls of query templates in the clean room's report", async () => {
    const { data } = await readReport(join(out, "report"), "clean-room.html");
    const counted = ((data as CleanRoomData).usage ?? []).flatMap(({ views }) => views);
    for (const { name } of templates)
      expect(
        counted.find(({ view }) => view === name),
        name,
      ).to.include({ asked: 1, answered: 1, failed: 0 });
  });

  it("keeps the files that jobs write in the declared bucket", async () => {
    const files = await readdir(join(out, "bucket"), { recursive: true });
    for (const file of ["csv_sources/manifest.json", "-dbt/docs/static_index.html"])
      expect(
        files.filter((name) => name.endsWith(file)),
        file,
      ).to.have.length(1);
    expect(mountedBucket(), "the path of the bucket in the cloud").to.equal(bucketBefore);
  });

  it("writes the reports to the output folder and to the declared bucket, and prints the link", async () => {
    const bucket = join(out, "bucket", "demo-project-coffee-demo-reports");
    const pages = (await readdir(bucket)).filter((name) => name.endsWith(".html"));
    expect(await readdir(join(out, "report"))).to.include.members(pages);
    for (const page of ["sales.html", "customers.html"]) {
      const [here, there] = await Promise.all([join(out, "report"), bucket].map((folder) => readReport(folder, page)));
      expect(here?.data, page).to.deep.equal(there?.data);
      expect(here?.missing, page).to.deep.equal({});
    }
    expect(outcome.output).to.include(pathToFileURL(join(out, "report", "index.html")).href);
    expect(outcome.output).to.include(`npm run report -- --out "${out}" --open`);
  });

  it("prints where to find everything", () => {
    expect(outcome.output).to.match(/Done in [\d.]+ s/);
    for (const what of ["answers", "warehouse.duckdb", "clean-room.duckdb", "logs"])
      expect(outcome.output).to.include(`/${what} `);
  });

  it("changes nothing if its input is bad, and fails with one message and exit code 1", async () => {
    for (const [said, ...bad] of [
      ["days is 11: use an integer from 1 to 10", "--until", "2022-01-19", "--set", "days=11"],
      ["nothing-here does not exist", "--thelook", join(folder, "nothing-here")],
    ] as const) {
      const { code, output } = await npmStart("--out", out, ...bad);
      expect(code, output).to.equal(1);
      expect(output)
        .to.match(/^error: /m)
        .and.include(said)
        .and.not.match(/^\s+at |index\.ts/m);
      expect(output).not.to.include("coffee-data-job");
    }
    expect(await allTables(out)).to.deep.equal(tables);
  });

  it("names every wrong setting at once", async () => {
    const sets = ["scale=", "seed=-1", "region=zz", "sede=42"].flatMap((text) => ["--set", text]);
    const wrong = await npmStart("--out", out, ...sets);
    expect(wrong.code, wrong.output).to.equal(1);
    for (const said of ['region is "zz"', 'seed is "-1"', 'scale is ""', "sede is not a setting"])
      expect(wrong.output).to.include(said);
  });

  it("refuses an output folder that it cannot write to", async () => {
    const { code, output } = await npmStart("--out", join(root, "package.json"), ...small);
    expect(code, output).to.equal(1);
    expect(output)
      .to.include("package.json")
      .and.not.match(/^\s+at /m);
  });

  // As long as all the others together.
  itInCI("makes the same tables when it runs again, and prints all there is with --verbose", async function () {
    this.timeout(600_000);
    const thelook = existsSync(realExport) ? ["--thelook", realExport] : [];
    const { code, output } = await npmStart("--out", out, "--verbose", ...thelook, ...small);
    expect(code, output).to.equal(0);
    for (const { title } of readUseCases()) expect(output).to.include(`✓ ${title}`);
    expect(output).to.match(/users +left out: repeats of a row +\d+/);
    const listed = [...output.matchAll(/^ +(\w+) +(\w+) +([\d,]+)$/gm)].map(([, dataset, table, rows]) => [
      `${dataset}.${table}`,
      Number(rows?.replaceAll(",", "")),
    ]);
    const made = await allTables(out);
    for (const [name, rows] of Object.entries(made)) expect(listed, name).to.deep.include([name, rows.length]);
    expect(withoutRecords(made)).to.deep.equal(withoutRecords(tables));
  });
});
