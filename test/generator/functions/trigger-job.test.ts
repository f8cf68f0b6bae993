import { runAdminError } from "bigquery-clean-room/run-admin";
import { expect } from "chai";
import { answerTo } from "../../../generator/functions/trigger-job.ts";
import { type RunAdminServer, startRunAdmin } from "../../../packages/bigquery-clean-room/test/support/run-admin.ts";
import { call, type DeployedFunction, startFunction } from "../../support/functions.ts";

const job = "projects/demo-project/locations/us-central1/jobs/coffee-data-job";

describe("The function trigger-job", () => {
  let server: RunAdminServer;
  let triggerJob: DeployedFunction;
  before(async () => {
    server = await startRunAdmin();
    const env = { PROJECT_ID: "demo-project", REGION: "us-central1", JOB: "coffee-data-job" };
    triggerJob = await startFunction("triggerJob", env);
  });
  beforeEach(() => server.reset());
  after(async () => {
    await triggerJob?.stop();
    await server?.stop();
  });
  const post = (body?: string, contentType = "application/json") =>
    call(triggerJob.url, {
      method: "POST",
      ...(body !== undefined && { body, headers: { "Content-Type": contentType } }),
    });

  it("starts the job without overrides and answers with the execution, without waiting for its end", async () => {
    server.courses.push({ looks: [{ runningCount: 1 }] });
    const { status, body, headers } = await post();
    expect(status).to.equal(202);
    expect(headers.get("content-type")).to.equal("application/json");
    expect(body.execution).to.match(/^projects\/demo-project\/.*\/coffee-data-job\/executions\/run-\d+$/);
    expect(server.requests).to.deep.equal([
      { method: "POST", path: `${job}:run`, body: {}, authorization: "Bearer a-token" },
    ]);
  });

  it("accepts any JSON body or none, and uses nothing in it", async () => {
    for (const body of [undefined, "", "{}", '{"job":"another","overrides":{}}', "null", "  "])
      expect((await post(body, "application/octet-stream")).status, String(body)).to.equal(202);
    expect(new Set(server.requests.map(({ path }) => path))).to.deep.equal(new Set([`${job}:run`]));
  });

  it("refuses a body that is not JSON", async () => {
    expect(await post("hello", "text/plain")).to.deep.include({
      status: 400,
      body: { error: "the body is not JSON: send {} or none" },
    });
    expect((await post("\xff\xfe{", "application/octet-stream")).status).to.equal(400);
    // If its content type is JSON, functions-framework refuses it before the function sees it.
    const headers = { "Content-Type": "application/json" };
    expect((await fetch(triggerJob.url, { method: "POST", body: "{oops", headers })).status).to.equal(400);
    expect(server.requests).to.deep.equal([]);
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

  it("starts the job once per call, concurrent calls included", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post("{}")));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(8).fill(202));
    expect(new Set(answers.map(({ body }) => body.execution)).size).to.equal(8);
  });

  it("waits for an API that is slow", async () => {
    server.answers.push({ afterMs: 700 });
    expect((await post()).status).to.equal(202);
  });

  const cases = [
    { of: 403, is: 500, says: "may not run", times: 1 },
    { of: 404, is: 500, says: `there is no ${job}`, times: 1 },
    { of: 409, is: 409, says: "cannot be started now", times: 1 },
    { of: 429, is: 429, says: "try again later", times: 3 },
    { of: 500, is: 502, says: "was not started", times: 3 },
    { of: 503, is: 502, says: "was not started", times: 3 },
  ];
  for (const { of, is, says, times } of cases)
    it(`answers ${is} when the API answers ${of}, and passes on the API's message`, async () => {
      server.answers.push(...Array.from({ length: times }, () => ({ status: of, message: "in Google's words" })));
      const { status, body } = await post();
      expect(status).to.equal(is);
      expect(body.error).to.contain(says).and.to.contain("in Google's words");
      expect(server.requests.length).to.equal(times);
      expect(triggerJob.log()).to.contain(JSON.stringify({ severity: "ERROR", message: body.error }));
      expect((await post()).status, "the next call").to.equal(202);
    });

  it("answers 504 when the API does not answer, and 502 when there is none", () => {
    expect(answerTo(runAdminError("no answer", undefined, true), job)).to.include({
      status: 504,
      message: `no answer; ${job} may have been started`,
    });
    expect(answerTo(runAdminError("Cloud Run cannot be reached"), job).status).to.equal(502);
  });

  it("does not claim that nothing was started when the API accepts the call and its answer cannot be read", async () => {
    server.answers.push({ text: "<html>" });
    const { status, body } = await post();
    expect([status, body.error]).to.deep.equal([
      502,
      `${job} was started, or may have been: Cloud Run answered 200: <html>`,
    ]);
  });

  it("names every environment variable that is missing", async () => {
    const bare = await startFunction("triggerJob", { PROJECT_ID: "demo-project", JOB: "" });
    try {
      expect(await call(bare.url)).to.deep.include({
        status: 500,
        body: { error: "this function is deployed without REGION, JOB" },
      });
    } finally {
      await bare.stop();
    }
  });
});
