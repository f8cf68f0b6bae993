import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";

/*
 * A program with everything that a rehearsal runs: a job that writes greetings to a bucket, a dynamic resource that runs the job, a
 * function that starts it, and schedules that call the function and the job.
 */

const job = `
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { rehearsalFolder, tellTouched } from "pulumi-rehearsal/touched";
const { GREETING, BUCKET, CLOUD_RUN_TASK_INDEX: task } = process.env;
if (process.argv[2] === "wait") await new Promise((resolve) => setTimeout(resolve, 60_000));
if (process.argv[2] === "fail") throw new Error("nobody is there");
tellTouched("bucket/" + BUCKET, "write");
writeFileSync(join(rehearsalFolder(), "bucket", BUCKET, "greeting-" + task), GREETING + " from " + process.argv[2]);
console.log(JSON.stringify({ greeted: task }));
`;

const fn = `
import { tellTouched } from "pulumi-rehearsal/touched";
export async function start(request, response) {
  const { JOB, GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: api, GOOGLE_OAUTH_ACCESS_TOKEN: token } = process.env;
  if (request.method !== "POST") return response.status(405).send("use POST");
  tellTouched("job/" + JOB.split("/").at(-1), "write");
  const answer = await fetch(api + JOB + ":run", { method: "POST", headers: { authorization: "Bearer " + token } });
  response.status(answer.status).send(await answer.text());
}
`;

const location = "us-central1";
const member = ({ member }: gcp.serviceaccount.Account) => ({ member });
const account = (accountId: string) => new gcp.serviceaccount.Account(accountId, { accountId });

const bucket = new gcp.storage.Bucket("bucket", { name: "shop-bucket", location: "US" });
const greetings = new gcp.storage.Bucket("greetings", { name: "shop-greetings", location: "US" });
const code = new gcp.storage.BucketObject("code", { bucket: bucket.name, name: "code/job.mjs", content: job });
const archive = new gcp.storage.BucketObject("archive", {
  bucket: bucket.name,
  name: "code/start.zip",
  source: new pulumi.asset.AssetArchive({
    "index.mjs": new pulumi.asset.StringAsset(fn),
    "package.json": new pulumi.asset.StringAsset('{ "main": "index.mjs" }'),
  }),
});

const greeter = account("greeter");
const mayReadCode = new gcp.storage.BucketIAMMember("greeter-code", {
  bucket: bucket.name,
  role: "roles/storage.objectViewer",
  ...member(greeter),
});
const mayGreet = new gcp.storage.BucketIAMMember("greeter-greetings", {
  bucket: greetings.name,
  role: "roles/storage.objectUser",
  ...member(greeter),
});
const greet = new gcp.cloudrunv2.Job("greet", {
  name: "greet-job",
  location,
  template: {
    taskCount: 2,
    template: {
      serviceAccount: greeter.email,
      timeout: "30s",
      containers: [
        {
          image: "docker.io/library/node:22-slim",
          commands: ["node"],
          args: ["/mnt/code/code/job.mjs", "the shop"],
          envs: [
            { name: "GREETING", value: "hello" },
            { name: "BUCKET", value: greetings.name },
          ],
          volumeMounts: [{ name: "code", mountPath: "/mnt/code" }],
        },
      ],
      volumes: [{ name: "code", gcs: { bucket: bucket.name, readOnly: true } }],
    },
  },
});

/** Runs a job, and waits until it ends. */
class Run extends pulumi.dynamic.Resource {
  constructor(name: string, job: pulumi.Input<string>, opts: pulumi.CustomResourceOptions) {
    const provider: pulumi.dynamic.ResourceProvider = {
      async create(inputs) {
        const { GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: api, GOOGLE_OAUTH_ACCESS_TOKEN: token } = process.env;
        const headers = { authorization: `Bearer ${token}` };
        const call = async (method: string, path: string) =>
          (await fetch(`${api}${path}`, { method, headers })).json() as Promise<Record<string, unknown>>;
        const { metadata } = await call("POST", `${inputs.job}:run`);
        const execution = (metadata as { name: string }).name;
        const { succeededCount } = await call("GET", execution);
        return { id: execution, outs: { execution, succeededCount } };
      },
    };
    super(provider, name, { job }, opts, "shop", "Run");
  }
}
new Run("greeted", greet.id, { dependsOn: [code, mayReadCode, mayGreet] });

const starter = account("starter");
const startsJobs = { location, role: "roles/run.jobsExecutor" };
new gcp.cloudrunv2.JobIamMember("starter-greet", { ...startsJobs, name: greet.name, ...member(starter) });
const start = new gcp.cloudfunctionsv2.Function("start", {
  name: "start-greet",
  location,
  buildConfig: {
    runtime: "nodejs22",
    entryPoint: "start",
    source: { storageSource: { bucket: bucket.name, object: archive.name } },
  },
  serviceConfig: { serviceAccountEmail: starter.email, environmentVariables: { JOB: greet.id } },
});

const clock = account("clock");
const mayCall = new gcp.cloudrunv2.ServiceIamMember("clock-start", {
  location,
  role: "roles/run.invoker",
  name: start.name,
  ...member(clock),
});
const uri = start.serviceConfig.apply((config) => config?.uri ?? "");
new gcp.cloudscheduler.Job(
  "by-function",
  {
    name: "by-function",
    region: location,
    schedule: "0 3 * * *",
    httpTarget: { uri, httpMethod: "POST", oidcToken: { serviceAccountEmail: clock.email, audience: uri } },
  },
  { dependsOn: mayCall },
);
const mayRun = new gcp.cloudrunv2.JobIamMember("clock-greet", { ...startsJobs, name: greet.name, ...member(clock) });
new gcp.cloudscheduler.Job(
  "by-api",
  {
    name: "by-api",
    region: location,
    schedule: "0 2 * * *",
    httpTarget: {
      uri: pulumi.interpolate`https://run.googleapis.com/v2/${greet.id}:run`,
      httpMethod: "POST",
      oauthToken: { serviceAccountEmail: clock.email },
    },
  },
  { dependsOn: mayRun },
);
