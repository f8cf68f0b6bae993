import { mkdir, mkdtemp, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { generateCoffee } from "../../generator/coffee/generate.ts";
import { fill } from "../../generator/fill.ts";
import type { FunctionRequest } from "../../generator/functions/http.ts";
import { triggerJob } from "../../generator/functions/trigger-job.ts";
import type { Lake } from "../../generator/lake/lake.ts";
import { openLake } from "../../generator/lake/open-lake.ts";
import { load } from "../../generator/load.ts";
import { allTables } from "../../generator/tables/index.ts";
import { createTables } from "../../generator/warehouse/duckdb.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import { datasetsOf } from "../../generator/warehouse/rehearsed-bigquery.ts";
import type { Warehouse } from "../../generator/warehouse/warehouse.ts";
import { userError } from "../support/user-error.ts";

describe("A rehearsal", () => {
  let folder: string;
  let touched: { resource: string; access: string }[];
  const opened: Warehouse[] = [];
  const log = console.error;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rehearsal of it "));
    process.env.REHEARSAL = pathToFileURL(folder).href;
    touched = [];
    console.error = (line: string) => touched.push(JSON.parse(line).touched);
  });
  afterEach(async () => {
    console.error = log;
    for (const name of ["REHEARSAL", "REHEARSAL_THELOOK"]) delete process.env[name];
    await Promise.all(opened.splice(0).map((warehouse) => warehouse.close()));
    await rm(folder, { recursive: true });
  });
  const makeBucket = (name: string) => mkdir(join(folder, "bucket", name), { recursive: true });
  const open = async (url = "bigquery://demo-project?location=US") => {
    const warehouse = await openWarehouse(url);
    opened.push(warehouse);
    return warehouse;
  };
  const makeTables = (tables = allTables) =>
    createTables(pathToFileURL(join(folder, "warehouse.duckdb")).href.replace("file:", "duckdb:"), tables);
  const day = { seed: 1, scale: 0.01, until: "2025-03-31", days: 1, shard: { index: 0, count: 1 } };

  // A process reports each resource once, so the tests use buckets of different names.
  const uses: Record<string, { folder?: string; bucket?: string; use: (lake: Lake) => Promise<unknown> }> = {
    "a file is created": { folder: "write", use: async (lake) => (await lake.create("a.csv")).close() },
    "a text is written": { folder: "write", use: (lake) => lake.writeText("a.txt", "a") },
    // To say that it is missing, Cloud Storage wants the right to list the bucket.
    "a text is read": { folder: "read", bucket: "list", use: (lake) => lake.readText("a.txt") },
    "a file is looked at": { folder: "read", bucket: "list", use: (lake) => lake.stat("a.txt") },
    "files are listed": { bucket: "list", use: (lake) => lake.list("") },
  };
  for (const [index, [what, { folder, bucket, use }]] of Object.entries(uses).entries())
    it(`reports once, when ${what}, how the bucket and its folder are used`, async () => {
      await makeBucket(`used-bucket-${index}`);
      const lake = await openLake(`gs://used-bucket-${index}/${index % 2 === 0 ? "some" : "some/prefix"}`);
      expect(touched).to.deep.equal([]);
      await use(lake);
      await use(lake);
      expect(touched).to.deep.equal([
        ...(folder ? [{ resource: `bucket/used-bucket-${index}/some`, access: folder }] : []),
        ...(bucket ? [{ resource: `bucket/used-bucket-${index}`, access: bucket }] : []),
      ]);
    });

  it("reports that the bucket is used for both when a text is written once, which returns another process's text", async () => {
    await makeBucket("used-twice");
    await (await openLake("gs://used-twice")).writeOnce("once.txt", "a");
    expect(touched).to.deep.equal(["write", "read"].map((access) => ({ resource: "bucket/used-twice", access })));
  });

  it("keeps a bucket's objects as files of the bucket's folder", async () => {
    await makeBucket("first-bucket");
    const lake = await openLake("gs://first-bucket/some/prefix");
    await lake.writeText("a.txt", "a");
    expect(await (await openLake("gs://first-bucket")).list("")).to.deep.equal(["some/prefix/a.txt"]);
    expect(lake.uri("a.txt")).to.equal(join(folder, "bucket/first-bucket/some/prefix/a.txt"));
  });

  it("misses a bucket that was not made, and refuses a name that Cloud Storage would refuse", async () => {
    expect(await userError(() => openLake("gs://second-bucket"))).to.match(
      /^the bucket gs:\/\/second-bucket does not exist/,
    );
    expect(await userError(() => openLake("gs://Second_Bucket"))).to.contain("is not a place in Cloud Storage");
  });

  it("loads from the bucket into the one DuckDB file, and reports the dataset", async () => {
    await makeBucket("third-bucket");
    await makeTables();
    const lake = await openLake("gs://third-bucket");
    const { files } = await generateCoffee(lake, day);
    const report = await load(await open(), lake);
    expect(report.rows.orders).to.equal(files.find(({ table }) => table === "orders")?.rows);
    expect(touched).to.deep.include({ resource: "dataset/coffee_shop", access: "write" });
    expect(await (await open("bigquery://another-project")).run("SELECT COUNT(*) AS n FROM coffee_shop.orders"))
      .to.deep //
      .equal([{ n: report.rows.orders }]);
    expect(touched).to.deep.include({ resource: "dataset/coffee_shop", access: "read" });
  });

  it("lets a step of the night ask the warehouse while another program reads it", async () => {
    await makeTables();
    opened.push(await openWarehouse("bigquery://demo-project?location=US", { readOnly: true }));
    const names = "PROJECT_ID REGION LOCATION JOB DBT_JOB REPORT_JOB DATASET MARTS BUCKET GCS_PREFIX REPORTS_BUCKET";
    const env = Object.fromEntries(names.split(" ").map((name) => [name, "demo-project"]));
    Object.assign(process.env, { ...env, LOCATION: "US", DATASET: "coffee_shop", MARTS: "coffee_marts" });
    try {
      const [status, body] = await new Promise<[number, string]>((resolve) => {
        const response = { writeHead: (code: number) => ({ end: (text: string) => resolve([code, text]) }) };
        void triggerJob({ method: "POST", url: "/dbt" } as FunctionRequest, response as unknown as ServerResponse);
      });
      // The tables are empty, so it waits for the load.
      expect(`${status} ${body}`).to.match(/^503 .*the load: the tables hold/);
    } finally {
      for (const name of names.split(" ")) delete process.env[name];
    }
  });

  it("misses tables that were not declared", async () => {
    await makeBucket("fourth-bucket");
    await makeTables(allTables.filter(({ table }) => table !== "stores"));
    const lake = await openLake("gs://fourth-bucket");
    await generateCoffee(lake, day);
    const warehouse = await open();
    expect(await userError(() => load(warehouse, lake))).to.contain("stores does not exist");
    expect(await warehouse.run("SELECT COUNT(*) AS n FROM coffee_shop.products")).to.deep.equal([{ n: 0 }]);
  });

  it("fills both parties' tables from the stand-in for the public dataset", async () => {
    await makeTables();
    process.env.REHEARSAL_THELOOK = "synthetic:";
    const source = "bigquery://bigquery-public-data/thelook_ecommerce";
    const warehouse = await open("bigquery://merchant-project?location=US&datasets=ewallet_provider:wallet-project");
    const report = await fill(warehouse, { source, seed: 1, scale: 0.005 });
    expect(report.source).to.equal(source);
    expect(report.tables["ewallet_provider.transactions"]).to.be.above(100);
    expect(touched).to.deep.equal([
      { resource: "dataset/merchant", access: "write" },
      { resource: "dataset/ewallet_provider", access: "write" },
    ]);
  });

  it("has no other dataset of BigQuery's, and no folders for it to read from", async () => {
    const warehouse = await open();
    const failure = (source: string) => userError(() => fill(warehouse, { source, seed: 1 }));
    const source = "bigquery://bigquery-public-data/thelook_ecommerce";
    expect(await failure(source)).to.contain('REHEARSAL_THELOOK is ""');
    expect(await failure("bigquery://bigquery-public-data/thelook")).to.contain("can be read by BigQuery only");
    expect(await failure("file:///export")).to.contain("BigQuery cannot read file:///export");
    expect(await failure("gs://fifth-bucket/export")).to.contain("the bucket gs://fifth-bucket does not exist");
  });

  it("refuses a URL that BigQuery's adapter would refuse, and a REHEARSAL that names no folder", async () => {
    expect(await userError(() => openWarehouse("bigquery://demo-project?region=US"))).to.contain(
      "not a BigQuery project",
    );
    process.env.REHEARSAL = ".local";
    expect(await userError(() => openLake("gs://bucket"))).to.equal(
      'REHEARSAL is ".local": use file:///ABSOLUTE/FOLDER',
    );
  });

  it("knows a script's datasets by the tables that it names", () => {
    const script = `-- DELETE FROM comment.table
      CREATE OR REPLACE TEMP TABLE t AS SELECT o.id, EXTRACT(YEAR FROM o.day) FROM a.orders AS o JOIN b.items USING (id) WHERE x = 'FROM c.text';
      DELETE FROM d.orders WHERE TRUE; INSERT INTO d.orders (id) SELECT id FROM t;
      CREATE TABLE e.made AS SELECT 1; UPDATE f.orders SET id = (SELECT MAX(id) FROM a.orders)`;
    const of = (access: string) =>
      datasetsOf(script).flatMap((found) => (found.access === access ? found.dataset : []));
    expect(of("read")).to.deep.equal(["a", "b"]);
    expect(of("write")).to.deep.equal(["d", "e", "f"]);
  });
});
