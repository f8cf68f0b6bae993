import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { FunctionsBuild } from "../../components/google/functions-build.ts";
import { HttpFunction } from "../../components/google/http-function.ts";
import { isApiOff, isRefusal, retryWhileRefused } from "../../components/google/retry.ts";
import { Schedule, type ScheduleArgs } from "../../components/google/schedule.ts";
import { allBefore, declare, named } from "./stack.ts";
import { place, someone } from "./support.ts";

function declareFunction() {
  return declare(() => {
    const { uri } = new HttpFunction("greet", {
      place,
      functionName: "say-hello",
      description: "Greets",
      entryPoint: "sayHello",
      source: { bucket: "b", object: "functions.zip", generation: 1 },
      build: new FunctionsBuild("build", { place, bucket: "b" }),
      identity: someone("greeter"),
      invoker: someone("caller"),
      env: { GREETING: "hello" },
      timeoutSeconds: 60,
    });
    return { uri };
  });
}

describe("HttpFunction", () => {
  it("runs as one account, is built by another, and stores its images in a separate repository", async () => {
    const { resources } = await declareFunction();
    const { name, buildConfig, serviceConfig } = named(resources, "greet-function").inputs;
    expect(name).to.equal("say-hello");
    expect(buildConfig).to.deep.include({ runtime: "nodejs22", entryPoint: "sayHello" });
    expect(buildConfig.serviceAccount).to.match(/^projects\/demo-project\/serviceAccounts\/functions-build@/);
    expect(buildConfig.dockerRepository).to.match(/\/repositories\/coffee-functions$/);
    expect(serviceConfig).to.deep.include({ environmentVariables: { GREETING: "hello" }, maxInstanceCount: 1 });
    expect(serviceConfig.serviceAccountEmail).to.match(/^greeter@/);
  });

  it("is called by its invoker, on the Cloud Run service of the same name", async () => {
    const { resources, outputs } = await declareFunction();
    const { name, role, member } = named(resources, "greet-invoker").inputs;
    expect([name, role]).to.deep.equal(["say-hello", "roles/run.invoker"]);
    expect(member).to.match(/^serviceAccount:caller@/);
    expect(outputs.uri).to.equal("https://say-hello.a.run.app");
  });

  it("is built after every grant of the account that builds it", async () => {
    const { resources } = await declareFunction();
    const before = [...allBefore(resources, named(resources, "greet-function"))].map(({ name }) => name);
    const grants = ["logs", "source", "copies", "images"].map((grant) => `build-identity-${grant}`);
    expect(before).to.include.members(grants);
  });
});

describe("Schedule", () => {
  const uri = pulumi.output("https://say-hello.a.run.app");
  const declareSchedule = async (target: ScheduleArgs["target"] = { kind: "google-api", uri }) => {
    const { resources } = await declare(() => {
      new Schedule("daily", {
        place,
        scheduleName: "every-day",
        description: "Every day",
        clock: { schedule: "0 3 * * *", timeZone: "Europe/Kyiv" },
        target,
        identity: someone("caller"),
        deadlineSeconds: 180,
      });
    });
    return named(resources, "daily-schedule").inputs;
  };

  it("calls a path of a function with an identity token for the function's address", async () => {
    const { httpTarget } = await declareSchedule({ kind: "function", uri, path: "/twice" });
    expect(httpTarget.uri).to.equal("https://say-hello.a.run.app/twice");
    expect(httpTarget.oidcToken.audience).to.equal("https://say-hello.a.run.app");
    expect(httpTarget.oidcToken.serviceAccountEmail).to.match(/^caller@/);
  });

  it("calls a Google API with an access token", async () => {
    const { httpTarget } = await declareSchedule();
    expect(httpTarget.oauthToken.serviceAccountEmail).to.match(/^caller@/);
    expect(httpTarget).not.to.have.property("oidcToken");
  });

  it("posts an empty JSON object, and uses its time zone", async () => {
    const { httpTarget, attemptDeadline, timeZone } = await declareSchedule();
    expect(Buffer.from(httpTarget.body, "base64").toString()).to.equal("{}");
    expect(httpTarget.httpMethod).to.equal("POST");
    expect([attemptDeadline, timeZone]).to.deep.equal(["180s", "Europe/Kyiv"]);
  });

  it("calls again for six hours, within Google's limits", async () => {
    const { retryConfig } = await declareSchedule();
    expect(retryConfig.maxRetryDuration).to.equal("21600s");
    // Google takes 0 to 5 retries and 0 to 16 doublings, and retries until both limits are reached.
    expect(retryConfig).to.include({ retryCount: 5, minBackoffDuration: "60s", maxBackoffDuration: "900s" });
  });
});

describe("a refusal by Google", () => {
  it("is distinguished from other errors, which are not retried", () => {
    expect(isRefusal("googleapi: Error 403: Permission 'x' denied on resource")).to.equal(true);
    expect(
      isRefusal("Build failed: build@p.iam.gserviceaccount.com does not have storage.objects.get: forbidden"),
    ).to.equal(true);
    expect(isRefusal("Cloud Run Admin API has not been used in project 1 before or it is disabled")).to.equal(true);
    expect(isRefusal("googleapi: Error 409: Resource already exists")).to.equal(false);
    expect(isRefusal("Error waiting to create function: Error code 7, message: Permission denied")).to.equal(false);
    expect(isRefusal("Build failed: index.mjs has a syntax error in line 403")).to.equal(false);
  });

  it("does not pass by itself if the calls count against no project, although Google gives the reason of an API that is off", () => {
    const refused =
      'googleapi: Error 403: Your application is authenticating by using local Application Default Credentials. The billingbudgets.googleapis.com API requires a quota project, which is not set by default. Details: [{"reason": "SERVICE_DISABLED"}]';
    expect(isApiOff(refused)).to.equal(false);
    expect(isRefusal(refused)).to.equal(false);
    expect(isApiOff('googleapi: Error 403: … Details: [{"reason": "SERVICE_DISABLED"}]')).to.equal(true);
  });

  it("is retried by a Pulumi hook, which mocks do not have", async () => {
    const { outputs } = await declare(() => ({ hooks: Object.keys(retryWhileRefused("thing")) }));
    expect(outputs.hooks).to.deep.equal([]);
  });
});
