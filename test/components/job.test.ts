import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import fc from "fast-check";
import { checkedDbt, checkedStart } from "../../components/checked-start.ts";
import { cpusFor, fingerprintOf, Job, type JobArgs, longestRun } from "../../components/google/job.ts";
import type { UploadedCode } from "../../components/uploaded-code.ts";
import { declare, named } from "./stack.ts";
import { place, sizing, someone } from "./support.ts";

async function declareJob(changed: Partial<JobArgs> = {}) {
  const { resources, outputs } = await declare(() => {
    const args = ["/mnt/bucket/main.mjs", "work"];
    const code = { image: "docker.io/library/node:22-slim", command: ["node"], args, env: { SEED: "1" } };
    const job = { place, jobName: "work-job", identity: someone("worker"), bucket: "the-bucket", sizing };
    const { jobName, fullName, fingerprint } = new Job("work", { ...job, ...code, ...changed });
    return { jobName, fullName, fingerprint, secret: pulumi.isSecret(fingerprint) };
  });
  return { ...outputs, inputs: named(resources, "work-job").inputs };
}

describe("Job", () => {
  it("runs the command over the bucket, mounted read-only", async () => {
    const { inputs } = await declareJob();
    const { template, maxRetries, timeout, serviceAccount, containers, volumes } = inputs.template.template;
    expect(template).to.equal(undefined);
    expect({ maxRetries, timeout }).to.deep.equal({ maxRetries: 3, timeout: "600s" });
    expect(serviceAccount).to.match(/^worker@/);
    expect(containers[0]).to.deep.include({ commands: ["node"], args: ["/mnt/bucket/main.mjs", "work"] });
    expect(containers[0].volumeMounts).to.deep.equal([{ name: "bucket", mountPath: "/mnt/bucket" }]);
    expect(volumes[0].gcs).to.deep.equal({ bucket: "the-bucket", readOnly: true, mountOptions: ["implicit-dirs"] });
  });

  it("may write to another bucket, and runs the image's own command if none is given", async () => {
    const { inputs } = await declareJob({ output: "for-results" });
    const { volumes, containers } = inputs.template.template;
    expect(volumes.map(({ gcs }: { gcs: object }) => gcs)).to.deep.equal([
      { bucket: "the-bucket", readOnly: true, mountOptions: ["implicit-dirs"] },
      { bucket: "for-results", readOnly: false, mountOptions: ["implicit-dirs"] },
    ]);
    expect(containers[0].volumeMounts[1]).to.deep.equal({ name: "output", mountPath: "/mnt/output" });
    const bare = await declare(() => {
      const common = { place, jobName: "dbt", identity: someone("w"), bucket: "b", sizing };
      new Job("dbt", { ...common, image: "gcr.io/p/dbt", args: ["build"], env: {} });
    });
    expect(named(bare.resources, "dbt-job").inputs.template.template.containers[0]).not.to.have.property("commands");
  });

  it("has a full name made of project, region and name", async () => {
    const { fullName, jobName } = await declareJob();
    expect(fullName).to.equal("projects/demo-project/locations/us-central1/jobs/work-job");
    expect(jobName).to.equal("work-job");
  });

  it("has the same fingerprint while the code that it runs is the same, whatever the path says", async () => {
    const declared = async (path: string, fingerprint: string) =>
      (await declareJob({ args: [path, "work"], codeFingerprint: fingerprint, notInFingerprint: [path] })).fingerprint;
    expect(await declared("/mnt/bucket/main-1.mjs", "same")).to.equal(await declared("/mnt/bucket/main-2.mjs", "same"));
    expect(await declared("/mnt/bucket/main-1.mjs", "a")).not.to.equal(await declared("/mnt/bucket/main-1.mjs", "b"));
  });

  it("starts a command of the bundle with the bundle's hash, which is not part of the fingerprint", async () => {
    const declared = async (sha256: string, load: string) => {
      const code = { bundle: pulumi.output(`main-${sha256[0]}.mjs`), sha256, fingerprints: { load } } as UploadedCode;
      const { inputs, fingerprint } = await declareJob(checkedStart(code, "load", "--whole"));
      return { args: inputs.template.template.containers[0].args.slice(2), fingerprint };
    };
    const [one, other] = [await declared("1".repeat(64), "same"), await declared("2".repeat(64), "same")];
    expect(one.args).to.deep.equal(["/mnt/bucket/main-1.mjs", "1".repeat(64), "load", "--whole"]);
    expect(one.fingerprint).to.equal(other.fingerprint);
    expect(one.fingerprint).not.to.equal((await declared("1".repeat(64), "changed")).fingerprint);
  });

  it("starts dbt with the project's hash, which is not part of the fingerprint, before the arguments that a run may override", async () => {
    const declared = async (dbtSha256: string, folder: string) => {
      const code = { dbtFolder: pulumi.output(folder), dbtSha256 } as UploadedCode;
      const { inputs, fingerprint } = await declareJob({ ...checkedDbt(code), args: ["build"] });
      const { commands, args } = inputs.template.template.containers[0];
      return { commands: commands.slice(3), args, fingerprint };
    };
    const [one, other] = [await declared("1".repeat(64), "dbt/a"), await declared("2".repeat(64), "dbt/a")];
    expect(one.commands).to.deep.equal(["/mnt/bucket/dbt/a", "1".repeat(64), "dbt"]);
    expect(one.args).to.deep.equal(["build"]);
    expect(one.fingerprint).to.equal(other.fingerprint);
    expect(one.fingerprint).not.to.equal((await declared("1".repeat(64), "dbt/b")).fingerprint);
  });

  it("has another fingerprint for another environment, arguments, image or number of tasks, and the same for more memory", async () => {
    const { fingerprint } = await declareJob();
    const others = [{ env: { SEED: "2" } }, { args: ["other"] }, { image: "gcr.io/p/node:22" }, { tasks: 2 }];
    for (const other of others) expect((await declareJob(other)).fingerprint).not.to.equal(fingerprint);
    const larger = { sizing: { ...sizing, memory: "2Gi" } };
    expect((await declareJob(larger)).fingerprint).to.equal(fingerprint);
  });

  it("keeps a secret environment variable secret, in the job and in the fingerprint", async () => {
    const { inputs, secret } = await declareJob({ env: { PEPPER: pulumi.secret("cayenne") } });
    expect(inputs.template.template.containers[0].envs).to.deep.equal([
      { name: "PEPPER", value: { secret: "cayenne" } },
    ]);
    expect(secret).to.equal(true);
    expect((await declareJob()).secret).to.equal(false);
  });

  it("asks for the CPUs that Cloud Run demands for the memory", () => {
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

  it("allows a run the time of all tries of a task", () => {
    expect(longestRun(sizing)).to.be.above(4 * 600);
  });
});

describe("fingerprintOf", () => {
  const of = (...values: string[]) =>
    new Promise<string>((resolve) => fingerprintOf(...values.map((value) => pulumi.output(value))).apply(resolve));

  it("is equal for equal values, and differs otherwise", async () => {
    const texts = fc.array(fc.string(), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(texts, texts, async (one, other) => {
        expect((await of(...one)) === (await of(...other))).to.equal(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 100 },
    );
  });
});
