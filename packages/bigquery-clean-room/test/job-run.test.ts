import { expect } from "chai";
import { JobRun, type JobRunInputs, jobRunProvider } from "../src/job-run.ts";
import { openRunAdmin } from "../src/run-admin.ts";
import { type Declared, declared } from "./support/declared.ts";
import { type DynamicProvider, startDynamicProvider } from "./support/dynamic-provider.ts";
import { failed, type RunAdminServer, startRunAdmin, succeeded } from "./support/run-admin.ts";

const job = "projects/p/locations/us-central1/jobs/thelook-fill-job";
const inputs: JobRunInputs = { job, fingerprint: "1a2b3c4d", env: { SEED: "42", SCALE: "1" }, timeoutSeconds: 30 };

describe("A run of a job that `pulumi up` waits for", () => {
  let server: RunAdminServer;
  const said: string[] = [];
  const log = console.log;
  before(async () => {
    server = await startRunAdmin();
  });
  beforeEach(() => {
    server.reset();
    said.length = 0;
    console.log = (line: string) => said.push(line);
  });
  afterEach(() => {
    console.log = log;
  });
  after(() => server?.stop());

  const provider = jobRunProvider({ pollMs: 1, pauseMs: 1 });
  const create = (changed: Partial<JobRunInputs> = {}) => provider.create({ ...inputs, ...changed });
  const failure = async (changed: Partial<JobRunInputs> = {}) => {
    const result = await create(changed).catch((error: Error) => error.message);
    if (typeof result !== "string") expect.fail("it did not fail");
    return result;
  };
  const starts = () => server.requests.filter(({ path }) => path.endsWith(":run")).length;

  it("starts the job with its overrides, shows its progress, and outputs the execution and its log", async () => {
    server.courses.push({
      looks: [
        { taskCount: 3 },
        { taskCount: 3, runningCount: 3 },
        { taskCount: 3, runningCount: 3 },
        { taskCount: 3, runningCount: 1, succeededCount: 2, retriedCount: 1 },
        { ...succeeded, taskCount: 3, succeededCount: 3, retriedCount: 1 },
      ],
    });
    const { id, outs } = await create({ args: ["fill"] });
    expect(id).to.match(/^projects\/p\/locations\/us-central1\/jobs\/thelook-fill-job\/executions\/run-\d+$/);
    expect(outs).to.deep.equal({
      ...inputs,
      args: ["fill"],
      execution: id,
      logUri: `https://console.cloud.google.com/logs?execution=${id.split("/").at(-1)}`,
    });
    const env = [
      { name: "SEED", value: "42" },
      { name: "SCALE", value: "1" },
    ];
    expect(server.requests.find(({ path }) => path.endsWith(":run"))?.body).to.deep.equal({
      overrides: { containerOverrides: [{ args: ["fill"], env }] },
    });
    expect(said).to.deep.equal([
      "thelook-fill-job: 0 of 3 tasks done, 0 running",
      "thelook-fill-job: 0 of 3 tasks done, 3 running",
      "thelook-fill-job: 2 of 3 tasks done, 1 running, 1 retried",
      "thelook-fill-job: 3 of 3 tasks done, 0 running, 1 retried",
    ]);
  });

  it("waits for the end of another execution of the job, however that ends, and then starts its own", async () => {
    const looks = [{ runningCount: 1 }, { runningCount: 1 }, { runningCount: 1 }, failed("it was cancelled")];
    server.courses.push({ looks });
    const other = await openRunAdmin().start(job);
    const { id } = await create();
    expect(id).to.equal(`${job}/executions/run-2`);
    expect(said[0]).to.equal("thelook-fill-job: is running already; waiting for the end of run-1");
    const paths = server.requests.map(({ path }) => path);
    expect(paths.filter((path) => path === other.name)).to.have.length(4);
    expect(paths.lastIndexOf(other.name)).to.be.below(paths.lastIndexOf(`${job}:run`));
  });

  it("fails with the errors of the job and its tasks and a link to the log, after one run", async () => {
    const result = { status: { message: "The container exited with an error." }, exitCode: 1 };
    server.courses.push({
      looks: [{ runningCount: 1 }, failed("Task run-task0 failed with message: The container exited with an error.")],
      tasks: [{ index: 0, lastAttemptResult: result }, { index: 1 }],
    });
    expect(await failure()).to.match(
      /^thelook-fill-job failed: Task run-task0 failed .*\ntask 0: The container exited with an error\. \(exit code 1\)\nIts log: https:\/\/console\.cloud\.google\.com\/logs\?execution=run-\d+$/,
    );
    expect(starts()).to.equal(1);
  });

  describe("if a task failed", () => {
    const looks = [failed("Task run-task0 failed with message: The container exited with an error.")];
    const tasks = [{ index: 0, lastAttemptResult: { exitCode: 1 } }, { index: 1 }];
    const printed = Array.from({ length: 30 }, (_, i) => `order ${i}`);

    it("fails with the last lines of the task's log, before anything else", async () => {
      server.courses.push({ looks, tasks, log: [...printed, "", "error: orders.csv, row 7: quantity is 0\n"] });
      const [first, ...others] = (await failure()).split("\n");
      expect(first).to.equal("thelook-fill-job failed: the end of its log says");
      expect(others.slice(0, 9)).to.deep.equal([
        ...printed.slice(-8).map((line) => `  ${line}`),
        "  error: orders.csv, row 7: quantity is 0",
      ]);
      expect(others[9]).to.match(/^Task run-task0 failed/);
      expect(others.at(-1)).to.match(/^Its log: https/);
    });

    it("fails with the link if the log may not be read, or has no lines", async () => {
      const without = /^thelook-fill-job failed: Task run-task0 failed .*\n.*\nIts log: https/;
      server.courses.push({ looks, tasks });
      expect(await failure()).to.match(without);
      const looksAt = server.requests.filter(({ path }) => path === "entries:list");
      expect(looksAt.length).to.be.within(2, 5);
      server.logs = "refused";
      server.courses.push({ looks, tasks, log: printed });
      expect(await failure()).to.match(without);
    });
  });

  it("fails if it is cancelled or ends in an unknown state", async () => {
    server.courses.push({ looks: [failed("The execution was cancelled.")] });
    expect(await failure()).to.contain("The execution was cancelled.");
    server.courses.push({ looks: [{ completionTime: "2026-11-22T03:00:00Z" }] });
    expect(await failure()).to.contain("it was not completed");
  });

  describe("if a grant may be on its way", () => {
    const mount = failed("mounting volume failed: the bucket refuses access");
    const refusedTask = [{ index: 0, lastAttemptResult: { exitCode: 77 } }];

    it("runs the job again, and says so", async () => {
      server.courses.push({ looks: [mount] });
      await create();
      expect(starts()).to.equal(2);
      expect(said.join("\n")).to.match(/mounting volume failed.*\nIts log: .*\nA grant may be on its way; running it/);
    });

    it("recognises that by exit code 77, and by the API's refusal", async () => {
      server.courses.push({ looks: [failed("Task failed")], tasks: refusedTask });
      await create();
      expect(starts()).to.equal(2);
      // The first call lists the executions.
      server.answers.push({ afterMs: 0 }, { status: 403, message: "Permission 'run.jobs.run' denied" });
      await create();
      expect(starts()).to.equal(4);
    });

    it("gives up after the third run", async () => {
      server.courses.push({ looks: [mount] }, { looks: [mount] }, { looks: [mount] });
      expect(await failure()).to.contain("mounting volume failed");
      expect(starts()).to.equal(3);
    });

    it("gives up if no time is left for another run", async () => {
      server.courses.push({ looks: [mount] });
      const slow = jobRunProvider({ pollMs: 1, pauseMs: 60_000 });
      const error = await slow.create(inputs).catch(({ message }: Error) => message);
      expect(error).to.contain("mounting volume failed");
      expect(starts()).to.equal(1);
    });
  });

  it("keeps watching while the API does not answer, and stops if it refuses", async () => {
    server.courses.push({ looks: [{ runningCount: 1 }, succeeded] });
    const created = create();
    while (starts() === 0) await new Promise((done) => setTimeout(done, 1));
    server.answers.push(...Array.from({ length: 4 }, () => ({ status: 503, message: "unavailable" })));
    await created;
    expect(server.answers).to.deep.equal([]);

    server.courses.push({ looks: [{ runningCount: 1 }] });
    const refused = failure();
    while (starts() === 1) await new Promise((done) => setTimeout(done, 1));
    server.answers.push({ status: 403, message: "Permission 'run.executions.get' denied" });
    expect(await refused).to.match(/^thelook-fill-job was started, but cannot be watched: .*run\.executions\.get/);
    expect(starts()).to.equal(2);
  });

  it("fails after its timeout, and says that the job continues", async () => {
    server.courses.push({ looks: [{ runningCount: 1 }] });
    expect(await failure({ timeoutSeconds: 0.2 })).to.match(
      /^thelook-fill-job has not ended in time and goes on \(projects\/p\/.*\/run-\d+\); raise timeoutSeconds\. Its log: https/,
    );
  });

  it("is replaced if an input changes, whatever the order in which the state has the inputs", async () => {
    const diff = async (changed: Partial<JobRunInputs>) => provider.diff?.("id", inputs, { ...inputs, ...changed });
    expect(await diff({})).to.deep.equal({ changes: false, replaces: [] });
    expect(await diff({ env: { SCALE: "1", SEED: "42" } })).to.deep.equal({ changes: false, replaces: [] });
    const changes: Partial<JobRunInputs>[] = [
      { job: `${job}2` },
      { fingerprint: "5e6f" },
      { env: { SEED: "43", SCALE: "1" } },
      { env: {} },
      { args: [] },
    ];
    for (const changed of changes)
      expect(await diff(changed)).to.deep.equal({ changes: true, replaces: Object.keys(changed) });
    expect(await diff({ timeoutSeconds: 31 }), "only waited for longer").to.deep.equal({
      changes: false,
      replaces: [],
    });
  });

  describe("in Pulumi's own process for such resources", () => {
    let process: DynamicProvider;
    let resource: Declared;

    before(async () => {
      const { args: _, env = {}, ...others } = inputs;
      resource = await declared(() => new JobRun("fill", { ...others, env }));
      process = await startDynamicProvider();
    });
    after(() => process?.stop());

    it("has the type that the state stores", () => {
      expect(resource.type).to.equal("pulumi-nodejs:dynamic/bigquery-clean-room:JobRun");
      expect(resource.inputs).to.have.all.keys("__provider", ...Object.keys(inputs));
    });

    it("runs the job once, and finds no difference afterwards", async () => {
      const { id, properties } = await process.create(resource.inputs);
      expect(properties).to.deep.include({ ...inputs, execution: id });
      expect(await process.differs(properties, resource.inputs)).to.equal(false);
      expect(await process.differs(properties, { ...resource.inputs, fingerprint: "5e6f" })).to.equal(true);
      expect(await process.read(properties)).to.deep.equal(properties);
      await process.delete(properties);
      expect(starts()).to.equal(1);
    });

    it("fails with the task's error if the job fails", async () => {
      server.courses.push({ looks: [failed("Task failed with message: out of memory")] });
      const error = await process.create(resource.inputs).catch((error) => error);
      expect(String(error)).to.contain("thelook-fill-job failed: Task failed with message: out of memory");
    });
  });
});
