import { BigQuery } from "@google-cloud/bigquery";
import { expect } from "chai";
import { generateCoffee } from "../../../generator/coffee/generate.ts";
import { UserError } from "../../../generator/errors.ts";
import { answerTo } from "../../../generator/functions/load-bq-from-csv.ts";
import { openLake } from "../../../generator/lake/open-lake.ts";
import { bigquerySchema } from "../../../generator/tables/derive.ts";
import { coffeeTables } from "../../../generator/tables/index.ts";
import { call, type DeployedFunction, startFunction } from "../../support/functions.ts";
import { type Google, startGoogle } from "../../support/google.ts";
import { skipWithout } from "../../support/servers.ts";

describe("The function load-bq-from-csv", () => {
  let google: Google;
  let client: BigQuery;
  let loadBqFromCsv: DeployedFunction;
  const loaded: Record<string, number> = {};

  before(async function () {
    skipWithout("bqemulator", this);
    google = await startGoogle({ bigquery: true });
    client = new BigQuery({ projectId: google.project });
    await client.createDataset("coffee_eu");
    for (const table of coffeeTables)
      await client.dataset("coffee_eu").createTable(table.table, { schema: { fields: bigquerySchema(table) } });
    const lake = await openLake(`gs://${await google.makeBucket("coffee-bucket")}`);
    const options = { seed: 42, scale: 0.1, until: "2025-03-31", days: 3, shard: { index: 0, count: 1 } };
    const { files } = await generateCoffee(lake, { ...options, prefix: "some/csv" });
    for (const { table, rows } of files) loaded[table] = rows;
    loadBqFromCsv = await startFunction("loadBqFromCsv", {
      PROJECT_ID: google.project,
      DATASET: "coffee_eu",
      BUCKET: "coffee-bucket",
      GCS_PREFIX: "some/csv",
      LOCATION: "US",
    });
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
  /** Counts how often the manifest is read, which is once per load. */
  const countLoads = () => {
    const seen = { loads: 0 };
    google.intercept = ({ url = "" }) => {
      if (url.includes("manifest.json")) seen.loads++;
      return false;
    };
    return seen;
  };

  it("loads the last run into the dataset that the environment names, and answers with the rows of each table", async () => {
    expect(await call(loadBqFromCsv.url)).to.deep.include({ status: 200, body: { loaded } });
    expect(await rows()).to.deep.equal(loaded);
  });

  it("leaves the same rows when it is called again", async () => {
    expect((await call(loadBqFromCsv.url)).status).to.equal(200);
    expect(await rows()).to.deep.equal(loaded);
  });

  it("runs one load at a time: calls that wait share the next one", async () => {
    const seen = countLoads();
    const answers = await Promise.all(Array.from({ length: 5 }, () => call(loadBqFromCsv.url)));
    for (const { status, body } of answers) expect([status, body]).to.deep.equal([200, { loaded }]);
    expect(seen.loads).to.equal(2);
    expect(await rows()).to.deep.equal(loaded);
  });

  it("answers 500 with the cause, and loads at the next call once it is fixed", async () => {
    google.intercept = ({ url = "" }, response) => {
      if (!url.includes("manifest.json")) return false;
      response.writeHead(404).end("No such object");
      return true;
    };
    const answers = await Promise.all([call(loadBqFromCsv.url), call(loadBqFromCsv.url)]);
    for (const { status, body } of answers) {
      expect(status).to.equal(500);
      expect(body.error).to.match(/^there is no some\/csv\/manifest\.json in gs:\/\/coffee-bucket: run generate first/);
    }
    expect(await rows()).to.deep.equal(loaded);
    google.intercept = undefined;
    expect((await call(loadBqFromCsv.url)).status).to.equal(200);
  });

  it("refuses other methods, and bodies that are not JSON, without loading", async () => {
    const seen = countLoads();
    expect((await call(loadBqFromCsv.url, { method: "GET" })).status).to.equal(405);
    const headers = { "Content-Type": "text/plain" };
    expect((await call(loadBqFromCsv.url, { method: "POST", body: "load, please", headers })).status).to.equal(400);
    expect(seen.loads).to.equal(0);
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
