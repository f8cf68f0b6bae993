import { openRunAdmin } from "bigquery-clean-room/run-admin";
import { expect } from "chai";
import { yesterdayInKyiv } from "../../../generator/command-settings.ts";
import { openLake } from "../../../generator/lake/open-lake.ts";
import {
  failed,
  type RunAdminServer,
  startRunAdmin,
  succeeded,
} from "../../../packages/bigquery-clean-room/test/support/run-admin.ts";
import { call, type DeployedFunction, startFunction } from "../../support/functions.ts";
import { type Google, startGoogle } from "../../support/google.ts";

const job = "projects/demo-project/locations/us-central1/jobs/coffee-data-job";

describe("The function trigger-job", () => {
  let server: RunAdminServer;
  let google: Google;
  let triggerJob: DeployedFunction;
  const env = {
    PROJECT_ID: "demo-project",
    REGION: "us-central1",
    LOCATION: "US",
    JOB: "coffee-data-job",
    DBT_JOB: "coffee-dbt-job",
    REPORT_JOB: "coffee-report-job",
    DATASET: "coffee_shop",
    MARTS: "coffee_marts",
    BUCKET: "files",
    GCS_PREFIX: "csv",
    REPORTS_BUCKET: "reports",
  };
  before(async () => {
    server = await startRunAdmin();
    google = await startGoogle({ bigquery: false });
    await google.makeBucket("files");
    triggerJob = await startFunction("triggerJob", env);
  });
  beforeEach(async () => {
    server.reset();
    await publish("2026-01-01");
  });
  after(async () => {
    await triggerJob?.stop();
    await google?.stop();
    await server?.stop();
  });

  const night = yesterdayInKyiv();
  const post = (body?: string, contentType = "application/json", path = "") =>
    call(triggerJob.url + path, {
      method: "POST",
      ...(body !== undefined && { body, headers: { "Content-Type": contentType } }),
    });
  /** Publishes a run in the bucket, as the generator does. */
  const publish = async (until: string) => {
    const file = { table: "orders", path: "o.csv", rows: 1, bytes: 1, md5: "0".repeat(32) };
    const settings = { seed: 42, scale: 1, from: "2022-01-01", until, shards: 1 };
    const lake = await openLake("gs://files");
    await lake.writeText("csv/manifest.json", JSON.stringify({ run: `${until}-a`, settings, files: [file] }));
  };

  it("starts the job, waits for its end, and answers with the run and the last day of its data", async () => {
    server.courses.push({ looks: [{ runningCount: 1 }] });
    const answer = post();
    while (!server.requests.some(({ path }) => path.includes("/executions/")))
      await new Promise((go) => setTimeout(go, 50));
    await publish(night);
    server.finish();
    const { status, body, headers } = await answer;
    expect(status, JSON.stringify(body)).to.equal(200);
    expect(headers.get("content-type")).to.equal("application/json");
    expect(body).to.include({ state: "done", run: `${night}-a`, until: night, night });
    expect(body.execution).to.match(/^projects\/demo-project\/.*\/coffee-data-job\/executions\/run-\d+$/);
    expect(triggerJob.log(), "Cloud Logging gets the answer too").to.contain(JSON.stringify(body));
  });

  it("starts nothing if tonight's run is in the bucket, as when it is called by hand at noon", async () => {
    await publish(night);
    const { status, body } = await post();
    expect([status, body]).to.deep.equal([200, { state: "already done", night, run: `${night}-a`, until: night }]);
    expect(server.requests).to.deep.equal([]);
  });

  it("starts the job if the run in the bucket ends in the future, which would pass for done every night", async () => {
    await publish("2031-12-31");
    server.courses.push({ looks: [failed("the disk is full")] });
    expect((await post()).status).to.equal(503);
    expect(server.requests.filter(({ path }) => path === `${job}:run`)).to.have.length(1);
  });

  it("starts the job if the manifest is broken, which the generator mends, and says so if it has not", async () => {
    const lake = await openLake("gs://files");
    await lake.writeText("csv/manifest.json", '{"run": "2026-01-01-a", "fil');
    const { status, body } = await post();
    expect(server.requests.filter(({ path }) => path === `${job}:run`)).to.have.length(1);
    expect(status).to.equal(500);
    expect(body.error).to.contain("csv/manifest.json in gs://files is not JSON");
    server.courses.push({ looks: [{ runningCount: 1 }] });
    const answer = post();
    while (!server.requests.some(({ path }) => path.endsWith("/run-2"))) await new Promise((go) => setTimeout(go, 50));
    await publish(night);
    server.finish();
    expect((await answer).body).to.include({ state: "done", run: `${night}-a` });
  });

  it("starts the job if the manifest was deleted, which Google tells only accounts that may list the bucket", async () => {
    google.intercept = ({ url }, response) => {
      if (!url?.includes("manifest.json")) return false;
      const message = "coffee-trigger does not have storage.objects.get access to the object (or it may not exist).";
      response.writeHead(403, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ error: { code: 403, message, errors: [{ message, reason: "forbidden" }] } }));
      return true;
    };
    const { status, body } = await post();
    google.intercept = undefined;
    expect(server.requests.filter(({ path }) => path === `${job}:run`)).to.have.length(1);
    expect(status).to.equal(500);
    expect(body.error).to.contain("or it may not exist");
  });

  it("starts nothing if the bucket cannot be used, although its name has the word manifest", async () => {
    const elsewhere = await startFunction("triggerJob", { ...env, BUCKET: "manifests-of-the-shop" });
    google.intercept = ({ url }, response) => {
      if (!url?.includes("manifests-of-the-shop")) return false;
      const error = { code: 404, message: "The specified bucket does not exist." };
      response.writeHead(404, { "Content-Type": "application/json" }).end(JSON.stringify({ error }));
      return true;
    };
    try {
      const { status, body } = await call(elsewhere.url);
      expect(server.requests).to.deep.equal([]);
      expect(status).to.equal(500);
      expect(body.error).to.contain("the bucket gs://manifests-of-the-shop does not exist");
    } finally {
      google.intercept = undefined;
      await elsewhere.stop();
    }
  });

  it("answers 503 to be called again if an execution that somebody else had started made another output", async () => {
    server.courses.push({ looks: [{ runningCount: 1 }, { runningCount: 1 }, succeeded] });
    await openRunAdmin().start(job);
    const { status, body } = await post();
    expect(server.requests.filter(({ path }) => path === `${job}:run`)).to.have.length(1);
    expect(status).to.equal(503);
    expect(body.error).to.contain("its output is missing").and.to.contain("run-1");
  });

  it("answers 503 to be called again when the job has failed", async () => {
    server.courses.push({ looks: [failed("the disk is full")] });
    const { status, body } = await post();
    expect(status).to.equal(503);
    expect(body.error).to.contain("coffee-data-job failed, attempt 1 of 3 tonight: the disk is full");
    expect(triggerJob.log()).to.contain(JSON.stringify({ severity: "ERROR", message: body.error }));
  });

  it("answers 500 when the job has succeeded and tonight's run is missing all the same", async () => {
    const { status, body } = await post();
    expect(status).to.equal(500);
    expect(body.error).to.contain("the work ended, and its output is missing").and.to.contain("2026-01-01");
  });

  it("starts the job once, however many call at the same time", async () => {
    server.courses.push({ looks: [{ runningCount: 1 }] });
    const answers = Array.from({ length: 5 }, () => post("{}"));
    while (!server.requests.some(({ path }) => path.includes("/executions/")))
      await new Promise((go) => setTimeout(go, 50));
    await publish(night);
    server.finish();
    expect((await Promise.all(answers)).map(({ status }) => status)).to.deep.equal(Array(5).fill(200));
    expect(server.requests.filter(({ path }) => path === `${job}:run`)).to.have.length(1);
  });

  it("accepts any JSON body or none, and ignores it", async () => {
    await publish(night);
    for (const body of [undefined, "", "{}", '{"job":"another","overrides":{}}', "null", "  "])
      expect((await post(body, "application/octet-stream")).status, String(body)).to.equal(200);
  });

  it("refuses a path that is not a step of the night", async () => {
    expect(await post("{}", "application/json", "constructor")).to.deep.include({
      status: 404,
      body: { error: '"/constructor" is not a step of the night: use /, /dbt, /report' },
    });
  });

  it("refuses a body that is not JSON, and answers in JSON, whatever its content type", async () => {
    await publish(night);
    const types = [
      "text/plain",
      "application/json",
      "application/cloudevents+json",
      "application/x-www-form-urlencoded",
      "text/plain; charset=none",
    ];
    for (const type of types)
      expect(await post("{oops", type), type).to.deep.include({
        status: 400,
        body: { error: "the body is not JSON: send {} or none" },
      });
    expect((await post("\xff\xfe{", "application/octet-stream")).status).to.equal(400);
    expect((await post("{}", "application/json")).status).to.equal(200);
    expect(server.requests).to.have.length(0);
  });

  it("refuses every method but POST", async () => {
    for (const method of ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const { status, body, headers } = await call(triggerJob.url, { method });
      expect([status, body, headers.get("allow")], method).to.deep.equal([
        405,
        { error: `${method} is not allowed: use POST` },
        "POST",
      ]);
    }
    expect((await fetch(triggerJob.url, { method: "HEAD" })).status).to.equal(405);
    expect(server.requests).to.deep.equal([]);
  });

  it("waits for an API that is slow", async () => {
    server.answers.push({ afterMs: 700 });
    server.courses.push({ looks: [failed("late")] });
    expect((await post()).status).to.equal(503);
  });

  it("names every environment variable that is missing", async () => {
    const bare = await startFunction("triggerJob", { ...env, REGION: "", MARTS: "" });
    try {
      expect(await call(bare.url)).to.deep.include({
        status: 500,
        body: { error: "this function is deployed without REGION, MARTS" },
      });
    } finally {
      await bare.stop();
    }
  });
});
