import { openRunAdmin, runAdminError } from "bigquery-clean-room/run-admin";
import { expect } from "chai";
import type { HttpError } from "../../../generator/functions/http.ts";
import { answerTo, type JobWork, runJob } from "../../../generator/functions/job-step.ts";
import {
  failed,
  type RunAdminServer,
  startRunAdmin,
  succeeded,
} from "../../../packages/bigquery-clean-room/test/support/run-admin.ts";

const job = "projects/demo-project/locations/us-central1/jobs/coffee-data-job";
const today = "2026-11-22T01:00:00Z";
const yesterday = "2026-11-21T01:00:00Z";

describe("A job of the night", () => {
  let server: RunAdminServer;
  before(async () => {
    server = await startRunAdmin();
  });
  beforeEach(() => server.reset());
  after(() => server?.stop());

  const run = (more: Partial<JobWork> = {}) =>
    runJob(openRunAdmin({ pauseMs: 1 }), {
      job,
      deadline: Date.now() + 60_000,
      isTonight: (createTime) => createTime >= "2026-11-22",
      ...more,
    });
  const refusal = (more: Partial<JobWork> = {}) =>
    run(more).then(
      () => {
        throw new Error("it was not refused");
      },
      ({ status, message }: HttpError) => ({ status, message }),
    );
  const earlier = (name: string, createTime: string, state: object) =>
    server.earlier.push({ name: `${job}/executions/${name}`, createTime, ...state });
  const starts = () => server.requests.filter(({ path }) => path.endsWith(":run"));

  it("is started without overrides, and its execution is returned when it has succeeded", async () => {
    const { execution, logUri } = await run();
    expect(execution).to.match(/coffee-data-job\/executions\/run-1$/);
    expect(logUri).to.contain("execution=run-1");
    expect(starts()).to.deep.equal([{ method: "POST", path: `${job}:run`, body: {}, authorization: "Bearer a-token" }]);
  });

  it("is not started a second time while it runs: the execution that runs is waited for", async () => {
    const { name } = await openRunAdmin().start(job);
    server.requests.length = 0;
    earlier("run-1", today, {});
    expect((await run()).execution).to.equal(name);
    expect(starts()).to.deep.equal([]);
  });

  it("that takes hours is polled by further calls, and keeps running", async () => {
    server.courses.push({ looks: [{ runningCount: 1 }] });
    const { status, message } = await refusal({ deadline: Date.now() - 1 });
    expect([status, message]).to.deep.equal([503, `coffee-data-job is still running (${job}/executions/run-1)`]);
  });

  it("that failed is called again for, with the reason and the log", async () => {
    earlier("run-0", today, failed("the bucket is gone"));
    server.courses.push({ looks: [failed("the bucket is gone")] });
    const { status, message } = await refusal();
    expect(status).to.equal(503);
    expect(message).to.match(/^coffee-data-job failed, attempt 2 of 3 tonight: the bucket is gone Its log: https:/);
  });

  it("is not started again after three failures in a night, and is the next night", async () => {
    for (const name of ["a", "b", "c"]) earlier(name, yesterday, failed("of last night"));
    await run();
    server.reset();
    for (const name of ["d", "e", "f"]) earlier(name, today, failed("of tonight"));
    const { status, message } = await refusal();
    expect([status, message]).to.deep.equal([
      503,
      "coffee-data-job failed 3 times tonight and will not be started again; the last time: of tonight",
    ]);
    expect(starts()).to.deep.equal([]);
  });

  it("is started again after three failures that a success has followed, as in an up after midnight in Kyiv", async () => {
    for (const hour of [1, 2, 3]) earlier(`run-${hour}`, `2026-11-22T0${hour}:00:00Z`, failed("no grant yet"));
    earlier("run-4", "2026-11-22T04:00:00Z", succeeded);
    await run();
    expect(starts()).to.have.length(1);
  });

  it("is started again after three failures with an older input", async () => {
    for (const hour of [1, 2, 3]) earlier(`run-${hour}`, `2026-11-22T0${hour}:00:00Z`, failed("the data is stale"));
    await run({ since: Date.parse("2026-11-22T04:00:00Z") });
    expect(starts()).to.have.length(1);
  });

  it("waits for an execution that runs with an older input, and starts no second one beside it", async () => {
    const { name } = await openRunAdmin().start(job);
    server.requests.length = 0;
    earlier("run-1", today, {});
    expect((await run({ since: Date.parse("2026-11-22T04:00:00Z") })).execution).to.equal(name);
    expect(starts()).to.deep.equal([]);
  });

  it("is started again after it succeeded, since only the data says that it is done", async () => {
    earlier("a", today, succeeded);
    await run();
    expect(starts()).to.have.length(1);
  });

  for (const { of, is, says, times } of [
    { of: 403, is: 500, says: "needs roles/run.jobsExecutor and roles/run.viewer", times: 1 },
    { of: 404, is: 500, says: `there is no ${job}`, times: 1 },
    { of: 409, is: 409, says: "cannot be started now", times: 1 },
    { of: 429, is: 429, says: "try again later", times: 3 },
    { of: 500, is: 502, says: "was not started", times: 3 },
    { of: 503, is: 502, says: "was not started", times: 3 },
  ])
    it(`is answered ${is} when the API answers ${of}, with the API's message`, async () => {
      server.answers.push(...Array.from({ length: times }, () => ({ status: of, message: "in Google's words" })));
      const { status, message } = await refusal();
      expect(status).to.equal(is);
      expect(message).to.contain(says).and.to.contain("in Google's words");
      expect(server.requests.length).to.equal(times);
    });

  it("is answered 504 when the API does not answer, and 502 when there is none", () => {
    expect(answerTo(runAdminError("no answer", undefined, true), job)).to.include({
      status: 504,
      message: `no answer; ${job} may have been started`,
    });
    expect(answerTo(runAdminError("Cloud Run cannot be reached"), job).status).to.equal(502);
  });

  it("does not count as idle when the API accepts the call but its answer cannot be read", () => {
    expect(answerTo(runAdminError("Cloud Run answered 200: <html>", 200), job)).to.include({
      status: 502,
      message: `${job} was started, or may have been: Cloud Run answered 200: <html>`,
    });
  });
});
