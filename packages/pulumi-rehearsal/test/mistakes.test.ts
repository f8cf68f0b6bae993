import { expect } from "chai";
import type { Declaration, Declared, Rehearsal } from "../src/index.ts";
import { type Draft, find, forget, partOf } from "./draft.ts";
import { adapters, declareShop, RUN, rehearsed } from "./support.ts";
import { userError } from "./user-error.ts";

const types = {
  bucket: "gcp:storage/bucket:Bucket",
  object: "gcp:storage/bucketObject:BucketObject",
  bucketGrant: "gcp:storage/bucketIAMMember:BucketIAMMember",
  callGrant: "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
  jobGrant: "gcp:cloudrunv2/jobIamMember:JobIamMember",
  job: "gcp:cloudrunv2/job:Job",
  function: "gcp:cloudfunctionsv2/function:Function",
  schedule: "gcp:cloudscheduler/job:Job",
};
const GREETER = "greeter@demo-project.iam.gserviceaccount.com";
const STARTER = "starter@demo-project.iam.gserviceaccount.com";
const CLOCK = "clock@demo-project.iam.gserviceaccount.com";

interface Env {
  name: string;
  value?: string;
  valueSource?: { secretKeyRef: { secret: string } };
}
interface Template {
  serviceAccount?: string;
  timeout: string;
  containers: { args: string[]; commands: string[]; envs: Env[] }[];
  volumes: { gcs: { readOnly: boolean } }[];
}
const job = (draft: Draft) => find(draft, types.job);
const template = (draft: Draft) => (job(draft).inputs.template as { template: Template }).template;
const container = (draft: Draft) => template(draft).containers[0] as Template["containers"][number];
const schedule = (draft: Draft) => find(draft, types.schedule);
const targetOf = (schedule: Declared) =>
  schedule.inputs.httpTarget as { uri: string; oidcToken?: { audience: string }; oauthToken?: object };
const serviceConfig = (draft: Draft) =>
  find(draft, types.function).inputs.serviceConfig as {
    serviceAccountEmail: string;
    environmentVariables: Record<string, string>;
  };
const buildConfig = (draft: Draft) =>
  find(draft, types.function).inputs.buildConfig as {
    runtime: string;
    entryPoint: string;
    source: { storageSource: { object: string } };
  };

/** The names of the resources in which a mistake is made: a run of the job, or a schedule with everything that it calls. */
const run = ["greeted"];
const byApi = ["by-api", "greeter-code", "greeter-greetings", "code"];
const byFunction = ["by-function", "starter-greet", ...byApi.slice(1)];

describe("A mistake in a program fails its rehearsal:", () => {
  let declaration: Declaration;
  before(async () => {
    declaration = await declareShop();
  });

  /** Rehearses some resources after a change, and expects an error with these words. */
  function fails(title: string, names: readonly string[], change: (draft: Draft) => void, ...said: string[]): void {
    it(title, async () => {
      const draft = partOf(declaration, ...names);
      change(draft);
      const message = await userError(() => rehearsed(draft));
      for (const words of said) expect(message).to.contain(words);
    });
  }

  for (const names of [run, byApi, byFunction])
    it(`(without a mistake, ${names[0]} passes)`, () => rehearsed(partOf(declaration, ...names)));

  describe("a job", () => {
    fails(
      "with a misspelt variable",
      run,
      (draft) => container(draft).envs.push({ name: "GREETNIG", value: "hello" }),
      "greet-job",
      "declares GREETNIG, which its program never reads",
    );
    fails(
      "with a variable without a value",
      run,
      (draft) => container(draft).envs.push({ name: "TOKEN" }),
      "its variable TOKEN has no plain value and no secret",
    );
    fails(
      "with a variable from a secret that it may not read",
      run,
      (draft) => container(draft).envs.push({ name: "TOKEN", valueSource: { secretKeyRef: { secret: "token" } } }),
      "which has no grant for it: declare roles/secretmanager.secretAccessor on secret/token",
    );
    fails(
      "with a variable from a secret that its program never reads",
      run,
      (draft) => {
        container(draft).envs.push({ name: "TOKEN", valueSource: { secretKeyRef: { secret: "token" } } });
        const [any] = draft.resources.filter(({ type }) => type === types.bucketGrant);
        const grant = structuredClone(any as Draft["resources"][number]);
        grant.type = "gcp:secretmanager/secretIamMember:SecretIamMember";
        grant.urn = `${grant.urn}-token`;
        grant.inputs = {
          secretId: "token",
          role: "roles/secretmanager.secretAccessor",
          member: `serviceAccount:${GREETER}`,
        };
        draft.resources.push(grant);
      },
      "declares TOKEN, which its program never reads",
    );
    fails(
      "with a program that is not in its bucket",
      run,
      (draft) => {
        container(draft).args[0] = "/mnt/code/code/jobs.mjs";
      },
      "needs /mnt/code/code/jobs.mjs, but no object code/jobs.mjs is declared in the bucket shop-bucket",
    );
    fails(
      "without a service account",
      run,
      (draft) => {
        delete template(draft).serviceAccount;
      },
      "names no service account",
    );
    fails(
      "with a service account that is not declared",
      run,
      (draft) => {
        template(draft).serviceAccount = "greter@demo-project.iam.gserviceaccount.com";
      },
      "acts as greter@demo-project.iam.gserviceaccount.com, but no such service account is declared",
    );
    fails(
      "with a program that no runner knows",
      run,
      (draft) => {
        container(draft).commands = ["python"];
      },
      "runs python, which no runner knows",
    );
    fails(
      "with a program that fails",
      run,
      (draft) => {
        container(draft).args[1] = "fail";
      },
      "failed with exit code 1: Error: nobody is there",
      "greet-job.log",
    );
    fails(
      "with a timeout that is too short",
      run,
      (draft) => {
        container(draft).args[1] = "wait";
        template(draft).timeout = "0.5s";
      },
      "was not done after 0.5 s, its timeout",
    );
    fails(
      "with a bucket that is not declared",
      run,
      (draft) => {
        const { envs } = container(draft);
        envs[1] = { name: "BUCKET", value: "shop-greeting" };
        const source = find(draft, types.object);
        source.inputs.content = String(source.inputs.content).replace(/^writeFileSync.*$/m, "");
      },
      "writes to bucket/shop-greeting, which is not declared",
    );
    fails(
      "that nothing runs",
      byApi,
      (draft) => {
        const other = structuredClone(job(draft));
        Object.assign(other, { urn: `${other.urn}-other`, name: "other" });
        Object.assign(other.inputs, { name: "other-job" });
        Object.assign(other.outputs, { name: "other-job" });
        draft.resources.push(other);
      },
      "no declared resource runs these",
      'other-job ("other", gcp:cloudrunv2/job:Job)',
    );
  });

  describe("a missing grant", () => {
    fails(
      "to mount a bucket",
      run,
      (draft) => forget(draft, find(draft, types.bucketGrant, { bucket: "shop-bucket" })),
      `reads from bucket/shop-bucket as ${GREETER}`,
      "declare roles/storage.objectViewer on bucket/shop-bucket",
    );
    fails(
      "to write to a bucket",
      run,
      (draft) => {
        find(draft, types.bucketGrant, { bucket: "shop-greetings" }).inputs.role = "roles/storage.objectViewer";
      },
      `writes to bucket/shop-greetings as ${GREETER}`,
      "declare roles/storage.objectUser on bucket/shop-greetings",
    );
    fails(
      "to call a function",
      byFunction,
      (draft) => forget(draft, find(draft, types.callGrant)),
      "by-function",
      `calls service/start-greet as ${CLOCK}`,
      "declare roles/run.invoker on service/start-greet",
    );
    fails(
      "to write to a mounted bucket",
      run,
      (draft) => {
        const [code] = template(draft).volumes;
        if (code) code.gcs.readOnly = false;
      },
      "greet-job",
      "declare roles/storage.objectUser on bucket/shop-bucket",
    );
    fails(
      "to start a job from a function",
      byFunction,
      (draft) => forget(draft, find(draft, types.jobGrant)),
      "start-greet",
      `calls job/greet-job as ${STARTER}`,
      "declare roles/run.jobsExecutor on job/greet-job",
    );
    fails(
      "to start a job from a schedule",
      byApi,
      (draft) => forget(draft, find(draft, types.jobGrant)),
      "by-api",
      `${CLOCK} may not run job/greet-job: declare roles/run.jobsExecutor on it`,
    );
    fails(
      "that is granted to everybody instead",
      run,
      (draft) => {
        find(draft, types.bucketGrant, { bucket: "shop-bucket" }).inputs.member = "allUsers";
      },
      'grants roles/storage.objectViewer to "allUsers": use a service account, a person, a group or a domain',
    );
  });

  it("a job with overrides, unless a grant allows them", async () => {
    const draft = partOf(declaration, ...byApi);
    const body = { overrides: { containerOverrides: [{ args: ["/mnt/code/code/job.mjs", "elsewhere"] }] } };
    Object.assign(targetOf(schedule(draft)), { body: Buffer.from(JSON.stringify(body)).toString("base64") });
    expect(await userError(() => rehearsed(draft))).to.contain(
      "may not run job/greet-job with overrides: declare roles/run.jobsExecutorWithOverrides on it",
    );
    find(draft, types.jobGrant).inputs.role = "roles/run.jobsExecutorWithOverrides";
    const arguments_: unknown[] = [];
    await rehearsed(draft, {}, async ({ executions }: Rehearsal) => {
      arguments_.push(...[...executions.values()].map(({ report }) => report?.lines.length));
    });
    expect(arguments_).to.deep.equal([2]);
  });

  describe("a schedule", () => {
    fails(
      "with another function's audience",
      byFunction,
      (draft) => {
        Object.assign(targetOf(schedule(draft)).oidcToken ?? {}, { audience: "https://stop-greet.a.run.app" });
      },
      "by-function",
      "with a token for https://stop-greet.a.run.app: give it that audience",
    );
    fails(
      "without a token for its function",
      byFunction,
      (draft) => {
        delete targetOf(schedule(draft)).oidcToken;
      },
      "without an oidcToken",
    );
    fails(
      "without a token for Google's API",
      byApi,
      (draft) => {
        delete targetOf(schedule(draft)).oauthToken;
      },
      "a Google API, without an oauthToken",
    );
    fails(
      "with a target that is not declared",
      byFunction,
      (draft) => {
        targetOf(schedule(draft)).uri = "https://start-greets-rehearsed-uc.a.run.app";
      },
      "which is not the address of a declared function or job",
    );
    fails(
      "with a job that is not declared",
      byApi,
      (draft) => {
        const target = targetOf(schedule(draft));
        target.uri = target.uri.replace("greet-job", "greets-job");
      },
      "by-api",
      "answered 404",
      "jobs/greets-job is not declared",
    );
    fails(
      "with a method that the function refuses",
      byFunction,
      (draft) => {
        Object.assign(targetOf(schedule(draft)), { httpMethod: "GET" });
      },
      "answered 405: use POST",
      "start-greet.log",
    );
    fails(
      "with a time that does not exist",
      byApi,
      (draft) => {
        schedule(draft).inputs.schedule = "0 27 * * *";
      },
      "by-api",
      "Invalid value for hour: 27",
    );
  });

  describe("a function", () => {
    fails(
      "that starts a job that is not declared",
      byFunction,
      (draft) => {
        const { environmentVariables: env } = serviceConfig(draft);
        env.JOB = `${env.JOB}s`;
      },
      "start-greet",
      "calls job/greet-jobs, which is not declared",
    );
    fails(
      "with a misspelt variable",
      byFunction,
      (draft) => {
        serviceConfig(draft).environmentVariables.JOBS = "";
      },
      "start-greet",
      "declares JOBS, which its program never reads",
    );
    fails(
      "with an entry point that its program does not have",
      byFunction,
      (draft) => {
        buildConfig(draft).entryPoint = "begin";
      },
      "start-greet",
      "does not start",
    );
    fails(
      "in another language",
      byFunction,
      (draft) => {
        buildConfig(draft).runtime = "python312";
      },
      "has the runtime python312",
    );
    fails(
      "without an archive",
      byFunction,
      (draft) => {
        buildConfig(draft).source.storageSource.object = "code/job.mjs";
      },
      "is built from gs://shop-bucket/code/job.mjs, but no archive is declared there",
    );
    fails(
      "without a package.json",
      byFunction,
      (draft) => {
        const archive = find(draft, types.object, { name: "code/start.zip" });
        delete (archive.inputs.source as { files: Record<string, unknown> }).files["package.json"];
      },
      "its archive has no package.json",
    );
  });

  describe("a dynamic resource", () => {
    const withoutDependency = (draft: Draft, name: string) => {
      const found = draft.resources.find((each) => each.name === name) as Declared;
      for (const each of draft.resources) each.dependencies = each.dependencies.filter((urn) => urn !== found.urn);
    };
    fails(
      "that does not depend on the program of its job",
      run,
      (draft) => withoutDependency(draft, "code"),
      "greeted",
      'may run before code/job.mjs ("code", gcp:storage/bucketObject:BucketObject)',
    );
    fails(
      "that does not depend on a grant that its job needs",
      run,
      (draft) => withoutDependency(draft, "greeter-greetings"),
      "greeted",
      'may run before greeter-greetings ("greeter-greetings"',
    );
    fails(
      "without a provider",
      run,
      (draft) => {
        find(draft, RUN).inputs.__provider = "exports.nothing = 1;";
      },
      "greeted",
      "its provider cannot be read",
    );
  });

  describe("a bucket", () => {
    fails(
      "with another name than its objects use",
      run,
      (draft) => {
        find(draft, types.bucket, { name: "shop-bucket" }).inputs.name = "shops-bucket";
      },
      types.object,
      "is in the bucket shop-bucket, which is not declared",
    );
    fails(
      "with a name that Cloud Storage refuses",
      run,
      (draft) => {
        find(draft, types.bucket, { name: "shop-bucket" }).inputs.name = "Shop";
      },
      '"Shop" cannot be the name of a bucket',
    );
  });

  it("a resource of a type that no adapter knows", async () => {
    const draft = partOf(declaration, ...run);
    Object.assign(find(draft, types.bucket, { name: "shop-bucket" }), { type: "gcp:pubsub/topic:Topic" });
    const message = await userError(() => rehearsed(draft, { adapters }));
    expect(message).to.contain('shop-bucket ("bucket", gcp:pubsub/topic:Topic)').and.contain("no adapter knows");
  });
});
