import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { isRunAdminError, openRunAdmin, type RunAdminError } from "../src/run-admin.ts";
import { failed, type RunAdminServer, startRunAdmin } from "./support/run-admin.ts";

const job = "projects/p/locations/us-central1/jobs/coffee-data-job";
const quick = { pauseMs: 1, timeoutMs: 5_000 };

async function failure(call: () => Promise<unknown>): Promise<RunAdminError> {
  try {
    await call();
  } catch (error) {
    if (isRunAdminError(error)) return error;
    throw error;
  }
  expect.fail("nothing was thrown");
}

describe("The client of the Cloud Run Admin API", () => {
  let server: RunAdminServer;
  before(async () => {
    server = await startRunAdmin();
  });
  beforeEach(() => server.reset());
  after(() => server.stop());
  const refuse = (status: number, times = 1) =>
    server.answers.push(
      ...Array.from({ length: times }, () => ({ status, message: `refused with ${status}`, method: "POST" as const })),
    );
  const starts = () => server.requests.filter(({ method }) => method === "POST").length;

  it("starts a job without overrides, with the access token of the environment", async () => {
    const { name, logUri } = await openRunAdmin(quick).start(job);
    expect(name).to.match(/^projects\/p\/locations\/us-central1\/jobs\/coffee-data-job\/executions\/run-\d+$/);
    expect(logUri).to.match(/^https:\/\/console\.cloud\.google\.com\/logs/);
    expect(server.requests).to.deep.equal([
      { method: "POST", path: `${job}:run`, body: {}, authorization: "Bearer a-token" },
    ]);
  });

  it("starts a job with other arguments and additional variables", async () => {
    await openRunAdmin(quick).start(job, { args: ["build", "--full-refresh"], env: { DAYS: "3", SEED: "7" } });
    const env = [
      { name: "DAYS", value: "3" },
      { name: "SEED", value: "7" },
    ];
    expect(server.requests[0]?.body).to.deep.equal({
      overrides: { containerOverrides: [{ args: ["build", "--full-refresh"], env }] },
    });
  });

  it("shows an execution and its tasks", async () => {
    const tasks = [{ index: 0, lastAttemptResult: { status: { message: "The container exited" }, exitCode: 1 } }];
    server.courses.push({ looks: [{ runningCount: 1 }, failed("task 0 failed")], tasks });
    const api = openRunAdmin(quick);
    const { name } = await api.start(job);
    expect(await api.execution(name)).to.include({ name, taskCount: 1, runningCount: 1 });
    expect((await api.execution(name)).conditions?.[0]?.message).to.equal("task 0 failed");
    expect(await api.tasks(name)).to.deep.equal(tasks);
    server.courses.push({ looks: [{}] });
    expect(await api.tasks((await api.start(job)).name), "none yet").to.deep.equal([]);
  });

  for (const status of [429, 500, 502, 503, 504])
    it(`retries a call that is answered ${status} twice, and then gives up`, async () => {
      refuse(status, 2);
      await openRunAdmin(quick).start(job);
      expect(starts()).to.equal(3);
      server.finish();
      refuse(status, 3);
      const error = await failure(() => openRunAdmin(quick).start(job));
      expect(error.status).to.equal(status);
      expect(error.message).to.equal(`Cloud Run answered ${status}: refused with ${status}`);
      expect(starts()).to.equal(6);
    });

  it("does not start a job twice if the first start took effect and was answered with an error", async () => {
    server.answers.push({ status: 503, message: "try again", method: "POST", hasEffect: true });
    server.courses.push({ looks: [{ runningCount: 1 }] });
    const { name } = await openRunAdmin(quick).start(job);
    expect([name, starts()]).to.deep.equal([`${job}/executions/run-1`, 1]);
  });

  for (const status of [400, 401, 403, 404, 409])
    it(`does not retry a call that is answered ${status}`, async () => {
      refuse(status);
      expect((await failure(() => openRunAdmin(quick).start(job))).status).to.equal(status);
      expect(server.requests.length).to.equal(1);
    });

  it("does not retry a start that was not answered in time, but retries a look at the execution", async () => {
    const api = openRunAdmin({ pauseMs: 1, timeoutMs: 150 });
    server.answers.push({ afterMs: 600 });
    const error = await failure(() => api.start(job));
    expect(error).to.include({ timedOut: true, message: "Cloud Run did not answer within 0.15 s" });
    expect(server.requests.length).to.equal(1);
    const { name } = await openRunAdmin(quick).start(job);
    server.answers.push({ afterMs: 600 });
    expect((await api.execution(name)).name).to.equal(name);
  });

  it("shows an answer that is not the API's", async () => {
    server.answers.push({ text: "<html>maintenance</html>" });
    expect((await failure(() => openRunAdmin(quick).start(job))).message).to.contain("<html>maintenance</html>");
    server.answers.push({ text: "{}" });
    expect((await failure(() => openRunAdmin(quick).start(job))).message).to.contain("names no execution");
  });

  it("says that Cloud Run cannot be reached", async () => {
    const endpoint = process.env.GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT;
    process.env.GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT = "http://127.0.0.1:1/v2";
    try {
      const error = await failure(() => openRunAdmin(quick).start(job));
      expect(error.status).to.equal(undefined);
      expect(error.message).to.match(/^Cloud Run cannot be reached: /);
    } finally {
      process.env.GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT = endpoint;
    }
  });

  it("uses the application default credentials if the environment has no token", async () => {
    const metadata = createServer((_, response) => {
      response.setHeader("Metadata-Flavor", "Google").setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ access_token: "from-metadata", expires_in: 3600, token_type: "Bearer" }));
    }).listen(0, "127.0.0.1");
    await once(metadata, "listening");
    const before = { ...process.env };
    process.env.GCE_METADATA_HOST = `127.0.0.1:${(metadata.address() as AddressInfo).port}`;
    process.env.METADATA_SERVER_DETECTION = "assume-present";
    delete process.env.GOOGLE_OAUTH_ACCESS_TOKEN;
    delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
    try {
      await openRunAdmin(quick).start(job);
      expect(server.requests[0]?.authorization).to.equal("Bearer from-metadata");
    } finally {
      Object.assign(process.env, before);
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      metadata.closeAllConnections();
      metadata.close();
    }
  });
});
