import { BigQuery } from "@google-cloud/bigquery";
import { expect } from "chai";
import { generateCoffee } from "../../../generator/coffee/generate.ts";
import { UserError } from "../../../generator/errors.ts";
import { answerTo } from "../../../generator/functions/load-bq-from-csv.ts";
import type { Lake } from "../../../generator/lake/lake.ts";
import { openLake } from "../../../generator/lake/open-lake.ts";
import { bigquerySchema } from "../../../generator/tables/derive.ts";
import { coffeeDataset, coffeeTables } from "../../../generator/tables/index.ts";
import { call, type DeployedFunction, startFunction } from "../../support/functions.ts";
import { type Google, startGoogle } from "../../support/google.ts";
import { skipWithout } from "../../support/servers.ts";

/** The last day of tonight's data. */
const NIGHT = "2025-03-31";

describe("The function load-bq-from-csv", () => {
  let google: Google;
  let client: BigQuery;
  let loadBqFromCsv: DeployedFunction;
  const loaded: Record<string, number> = {};
  let lake: Lake;
  let env: Record<string, string>;
  let tonight: object;

  before(async function () {
    skipWithout("bqemulator", this);
    google = await startGoogle({ bigquery: true });
    client = new BigQuery({ projectId: google.project });
    await client.createDataset("coffee_eu");
    for (const table of coffeeDataset)
      await client.dataset("coffee_eu").createTable(table.table, { schema: { fields: bigquerySchema(table) } });
    lake = await openLake(`gs://${await google.makeBucket("coffee-bucket")}`);
    env = {
      PROJECT_ID: google.project,
      DATASET: "coffee_eu",
      BUCKET: "coffee-bucket",
      GCS_PREFIX: "some/csv",
      LOCATION: "US",
      UNTIL: NIGHT,
    };
    await generate(42);
    loadBqFromCsv = await startFunction("loadBqFromCsv", env);
  });
  afterEach(() => {
    google.intercept = undefined;
  });
  after(async () => {
    await loadBqFromCsv?.stop();
    await google?.stop();
  });

  const rows = async () => {
    const counts = coffeeTables.map(async ({ table }) => {
      const [[row]] = await client.query(`SELECT COUNT(*) AS n FROM coffee_eu.${table}`);
      return [table, row.n];
    });
    return Object.fromEntries(await Promise.all(counts));
  };
  /** Writes a run of the generator. Its rows and its name depend on the seed. */
  const generate = async (seed: number, days = 3, until = NIGHT) => {
    const options = { seed, scale: 0.1, until, days, shard: { index: 0, count: 1 } };
    const { run, files } = await generateCoffee(lake, { ...options, prefix: "some/csv" });
    for (const { table, rows } of files) loaded[table] = rows;
    tonight = { night: NIGHT, run, until: NIGHT };
  };
  const answerToManifest = (status: number, text: string) => {
    google.intercept = ({ url = "" }, response) => {
      if (!url.includes("manifest.json")) return false;
      response.writeHead(status).end(text);
      return true;
    };
  };

  it("waits while there is no run in the bucket", async () => {
    answerToManifest(404, "No such object");
    expect(await call(loadBqFromCsv.url)).to.deep.include({
      status: 503,
      body: { state: "waiting", waitsFor: "the generator: the bucket holds nothing yet", night: NIGHT },
    });
  });

  it("does not load a run that ends after tonight", async () => {
    const before = await startFunction("loadBqFromCsv", { ...env, UNTIL: "2025-03-01" });
    try {
      expect(await call(before.url)).to.deep.include({
        status: 503,
        body: {
          state: "waiting",
          waitsFor: `the generator: the bucket holds data until ${NIGHT}`,
          night: "2025-03-01",
        },
      });
    } finally {
      await before.stop();
    }
  });

  it("loads tonight's run into the dataset that the environment names, and answers with the run, its last day and the rows of each table", async () => {
    expect(await call(loadBqFromCsv.url)).to.deep.include({ status: 200, body: { state: "done", ...tonight, loaded } });
    expect(await rows()).to.deep.equal(loaded);
  });

  it("loads nothing when the tables hold tonight's run", async () => {
    expect(await call(loadBqFromCsv.url)).to.deep.include({ status: 200, body: { state: "already done", ...tonight } });
    const [[{ loads }]] = await client.query("SELECT COUNT(*) AS loads FROM coffee_eu.loads");
    expect(loads).to.equal(1);
  });

  it("waits for the run of the next night, and says what the tables hold", async () => {
    const tomorrow = await startFunction("loadBqFromCsv", { ...env, UNTIL: "2025-04-01" });
    try {
      const { status, body } = await call(tomorrow.url);
      expect([status, body]).to.deep.equal([
        503,
        {
          state: "waiting",
          waitsFor: `the generator: the bucket holds data until ${NIGHT}`,
          ...tonight,
          night: "2025-04-01",
        },
      ]);
    } finally {
      await tomorrow.stop();
    }
  });

  it("keeps the days that the tables have while the bucket holds a run that ends earlier", async () => {
    const held = { ...loaded };
    const { run } = tonight as { run: string };
    await generate(42, 3, "2025-03-30");
    const { status, body } = await call(loadBqFromCsv.url);
    expect([status, body]).to.deep.equal([
      503,
      {
        state: "waiting",
        waitsFor: "the generator: the bucket holds data until 2025-03-30",
        night: NIGHT,
        run,
        until: NIGHT,
      },
    ]);
    expect(await rows()).to.deep.equal(held);
  });

  it("loads once, however many call at the same time", async () => {
    await generate(43);
    const answers = await Promise.all(Array.from({ length: 5 }, () => call(loadBqFromCsv.url)));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(5).fill(200));
    expect(answers.filter(({ body }) => body.state === "done")).to.have.length(1);
    for (const { body } of answers) expect(body).to.include(tonight);
    expect(await rows()).to.deep.equal(loaded);
  });

  it("answers 500 with the cause, and loads at the next call once it is fixed", async () => {
    const before = await rows();
    await generate(44);
    answerToManifest(200, "{");
    const { status, body } = await call(loadBqFromCsv.url);
    expect([status, body.error]).to.deep.equal([
      500,
      "some/csv/manifest.json in gs://coffee-bucket is not JSON, so it was cut short or edited: run generate again",
    ]);
    expect(await rows()).to.deep.equal(before);
    google.intercept = undefined;
    expect(await call(loadBqFromCsv.url)).to.deep.include({ status: 200, body: { state: "done", ...tonight, loaded } });
  });

  it("refuses a run far smaller than the last, which only the load of an up may take", async () => {
    const before = await rows();
    await generate(44, 1);
    const { status, body } = await call(loadBqFromCsv.url);
    expect(status).to.equal(500);
    expect(body.error).to.match(/rows, but the last load had \d+\. If that is intended, load with --allow-shrink/);
    expect(await rows()).to.deep.equal(before);
  });

  it("refuses other methods, and bodies that are not JSON, without loading", async () => {
    let reads = 0;
    google.intercept = () => {
      reads++;
      return false;
    };
    expect((await call(loadBqFromCsv.url, { method: "GET" })).status).to.equal(405);
    const headers = { "Content-Type": "text/plain" };
    expect((await call(loadBqFromCsv.url, { method: "POST", body: "load, please", headers })).status).to.equal(400);
    expect(reads).to.equal(0);
  });

  it("answers 409 if BigQuery rolled this load back in favour of another", () => {
    const message = "BigQuery: Transaction is aborted due to concurrent update against table p:coffee_shop.orders";
    const answer = answerTo(new UserError(message));
    expect(answer).to.include({ name: "HttpError", status: 409 });
    expect((answer as Error).message).to.equal(`another load is under way, this one changed nothing: ${message}`);
    const other = new UserError("BigQuery: no such table");
    expect(answerTo(other)).to.equal(other);
  });

  it("names every environment variable that is missing", async () => {
    const bare = await startFunction("loadBqFromCsv", { BUCKET: "b" });
    try {
      expect((await call(bare.url)).body).to.deep.equal({
        error: "this function is deployed without PROJECT_ID, DATASET, GCS_PREFIX, LOCATION",
      });
    } finally {
      await bare.stop();
    }
  });
});
