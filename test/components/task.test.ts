import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import fc from "fast-check";
import { cpusFor, fingerprintOf, longestRun, Task, type TaskArgs } from "../../components/task.ts";
import { declare, named } from "./stack.ts";
import { place, sizing, someone } from "./support.ts";

async function declareTask(changed: Partial<TaskArgs> = {}) {
  const { resources, outputs } = await declare(() => {
    const args = ["/mnt/bucket/main.mjs", "work"];
    const code = { image: "docker.io/library/node:22-slim", command: "node", args, env: { SEED: "1" } };
    const job = { place, job: "work-job", identity: someone("worker"), bucket: "the-bucket", sizing };
    const { jobName, job: id, fingerprint } = new Task("work", { ...job, ...code, ...changed });
    return { jobName, id, fingerprint, secret: pulumi.isSecret(fingerprint) };
  });
  return { ...outputs, inputs: named(resources, "work-job").inputs };
}

describe("Task", () => {
  it("is a job that runs the command on the bucket, mounted to be read only", async () => {
    const { inputs } = await declareTask();
    const { template, maxRetries, timeout, serviceAccount, containers, volumes } = inputs.template.template;
    expect(template).to.equal(undefined);
    expect({ maxRetries, timeout }).to.deep.equal({ maxRetries: 3, timeout: "600s" });
    expect(serviceAccount).to.match(/^worker@/);
    expect(containers[0]).to.deep.include({ commands: ["node"], args: ["/mnt/bucket/main.mjs", "work"] });
    expect(containers[0].volumeMounts).to.deep.equal([{ name: "bucket", mountPath: "/mnt/bucket" }]);
    expect(volumes[0].gcs).to.deep.equal({ bucket: "the-bucket", readOnly: true, mountOptions: ["implicit-dirs"] });
  });

  it("may write to the bucket where that is said, and leaves the command to the image where none is given", async () => {
    const { inputs } = await declareTask({ writable: true });
    expect(inputs.template.template.volumes[0].gcs.readOnly).to.equal(false);
    const { command: _, ...rest } = { command: "node" };
    const bare = await declare(() => {
      const common = { place, job: "dbt", identity: someone("w"), bucket: "b", sizing, ...rest };
      new Task("dbt", { ...common, image: "gcr.io/p/dbt", args: ["build"], env: {} });
    });
    expect(named(bare.resources, "dbt-job").inputs.template.template.containers[0]).not.to.have.property("commands");
  });

  it("is known by its full name, made of what was declared", async () => {
    const { id, jobName } = await declareTask();
    expect(id).to.equal("projects/demo-project/locations/us-central1/jobs/work-job");
    expect(jobName).to.equal("work-job");
  });

  it("has another fingerprint for another environment, command, image or split, and the same for more memory", async () => {
    const { fingerprint } = await declareTask();
    const others = [{ env: { SEED: "2" } }, { args: ["other"] }, { image: "gcr.io/p/node:22" }, { tasks: 2 }];
    for (const other of others) expect((await declareTask(other)).fingerprint).not.to.equal(fingerprint);
    const larger = { sizing: { ...sizing, memory: "2Gi" } };
    expect((await declareTask(larger)).fingerprint).to.equal(fingerprint);
  });

  it("keeps a secret of its environment secret, in the job and in the fingerprint", async () => {
    const { inputs, secret } = await declareTask({ env: { PEPPER: pulumi.secret("cayenne") } });
    expect(inputs.template.template.containers[0].envs).to.deep.equal([
      { name: "PEPPER", value: { secret: "cayenne" } },
    ]);
    expect(secret).to.equal(true);
    expect((await declareTask()).secret).to.equal(false);
  });

  it("asks for the CPUs that Cloud Run demands beside the memory", () => {
    expect(["512Mi", "4Gi", "5Gi", "8Gi", "16Gi", "17Gi", "32Gi"].map(cpusFor)).to.deep.equal([
      "1",
      "1",
      "2",
      "2",
      "4",
      "8",
      "8",
    ]);
  });

  it("may run as long as all tries of a task take together", () => {
    expect(longestRun(sizing)).to.be.above(4 * 600);
  });
});

describe("fingerprintOf", () => {
  const of = (...values: string[]) =>
    new Promise<string>((resolve) => fingerprintOf(...values.map((value) => pulumi.output(value))).apply(resolve));

  it("is the same for the same values, and another for any others", async () => {
    const texts = fc.array(fc.string(), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(texts, texts, async (one, other) => {
        expect((await of(...one)) === (await of(...other))).to.equal(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 100 },
    );
  });
});
