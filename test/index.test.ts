import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { allTables } from "../generator/tables/index.ts";
import { matches } from "../packages/pulumi-rehearsal/src/monitoring-filter.ts";
import { golden, inventory } from "./components/golden.ts";
import { leastPrivilege, leastPrivilegePage } from "./components/least-privilege.ts";
import { allBefore, type Declared, declareStack, named, ofType, PROJECT } from "./components/stack.ts";

const itInCI = process.env.CI ? it : it.skip;

describe("the stack", () => {
  let resources: Declared[];
  let outputs: Awaited<ReturnType<typeof declareStack>>["outputs"];

  before(async () => {
    ({ resources, outputs } = await declareStack());
  });

  it("declares the resources in test/components/golden/stack.txt (UPDATE_GOLDEN=1 npx mocha test/index.test.ts writes the file)", () => {
    const text = inventory(resources);
    expect(text).to.equal(golden("stack.txt", text));
  });

  it("also declares the resources in test/components/golden/alerts.txt, with addresses for alerts and a billing account", async () => {
    const more = await declareStack({
      config: {
        "gcp-data-demos:alertEmails": "ann@example.com,bob@example.com",
        "gcp-data-demos:billingAccount": "012345-6789AB-CDEF01",
      },
    });
    const urns = new Set(resources.map(({ urn }) => urn));
    const text = inventory(more.resources.filter(({ urn }) => !urns.has(urn)));
    expect(text).to.equal(golden("alerts.txt", text));
    const [night] = named(more.resources, "alerts-night").inputs.conditions;
    // A look back of more than a day is a preview feature, and without a duration the first up would raise the alert.
    const { query, duration } = night.conditionPrometheusQueryLanguage;
    const [, hours = ""] = /\[(\d+)h\]\)\) or vector\(0\)/.exec(query) ?? [];
    expect(Number(hours)).to.be.within(1, 24);
    expect(Number(hours) + Number(duration.slice(0, -1)) / 3600).to.equal(26);
    const policies = ofType(more.resources, "alertPolicy:AlertPolicy");
    expect(policies).to.have.length(4);
    for (const { name, inputs } of policies)
      for (const { conditionMatchedLog: log, conditionPrometheusQueryLanguage: promql } of inputs.conditions)
        expect(log !== undefined || promql?.disableMetricValidation, `${name} needs a metric to exist`).to.equal(true);
    const [failing] = named(more.resources, "alerts-function").inputs.conditions;
    const isTold = (status: number, rest = {}) =>
      matches(failing.conditionMatchedLog.filter, {
        "resource.type": "cloud_run_revision",
        "resource.labels.service_name": "trigger-job",
        logName: `projects/${PROJECT}/logs/run.googleapis.com%2Frequests`,
        "httpRequest.status": String(status),
        ...rest,
      });
    expect([200, 404, 500, 504].map((status) => isTold(status))).to.deep.equal([false, false, true, true]);
    expect(isTold(503), "a step that waits").to.equal(false);
    const textPayload = "The request failed because the instance could not start successfully.";
    expect(isTold(503, { textPayload }), "a function that cannot start").to.equal(true);
  });

  it("can be previewed without calling Google, and declares the same resources while outputs are unknown", async () => {
    const preview = await declareStack({ preview: true });
    const urns = (of: readonly Declared[]) => of.map(({ urn }) => urn).sort();
    expect(urns(preview.resources)).to.deep.equal(urns(resources));
  });

  it("has an index.ts without a condition or a loop", () => {
    const text = readFileSync(new URL("../index.ts", import.meta.url), "utf8").replace(
      /^\s*\/\/.*$|^\/\*.*\*\/$/gm,
      "",
    );
    expect(text).not.to.match(/\b(if|for|while|switch)\b/);
  });

  describe("order", () => {
    const run = (name: string) => {
      const found = named(resources, name);
      const before = [...allBefore(resources, found)];
      return { before, names: before.map((each) => each.name) };
    };
    const grantsOf = (account: string) =>
      resources
        .filter(({ inputs }) => `${inputs.member ?? inputs.userByEmail}`.includes(`${account}@`))
        .map(({ name }) => name);

    const needs = [
      { name: "parties-filled", account: "thelook-fill", datasets: ["merchant", "ewallet_provider"], grants: 4 },
      { name: "coffee-generated", account: "coffee-data", datasets: [], grants: 4 },
      { name: "coffee-loaded", account: "coffee-load", datasets: ["coffee_shop"], grants: 5 },
      {
        name: "marts-built",
        account: "coffee-dbt",
        datasets: ["coffee_marts", "coffee_marts_build", "coffee_shop"],
        grants: 6,
      },
      { name: "reports-written", account: "coffee-report", datasets: ["coffee_marts"], grants: 4 },
    ];
    for (const { name, account, datasets, grants } of needs) {
      it(`runs ${name} after its tables, the code and every grant of ${account} exist`, () => {
        const { names } = run(name);
        expect(grantsOf(account)).to.have.length(grants);
        expect(names).to.include.members(grantsOf(account));
        const inDatasets = ofType(resources, "table:Table").filter(({ inputs }) => datasets.includes(inputs.datasetId));
        expect(inDatasets).to.have.length(allTables.filter(({ dataset }) => datasets.includes(dataset)).length);
        expect(names).to.include.members(inDatasets.map((table) => table.name));
        const code = ofType(resources, "bucketObject:BucketObject").map((object) => object.name);
        expect(code.length).to.be.above(20);
        expect(names).to.include.members(code);
      });
    }

    it("loads after generating, builds after loading, and documents and reports after building", () => {
      expect(run("coffee-loaded").names).to.include("coffee-generated");
      expect(run("marts-built").names).to.include("coffee-loaded");
      expect(run("marts-documented").names).to.include("marts-built");
      expect(run("reports-written").names).to.include.members(["marts-built", "reports-bucket"]);
    });

    it("creates the dbt job after the first load: by then Cloud Run may read images of a new project's repository", () => {
      expect(run("marts-dbt-job").names).to.include("coffee-loaded");
    });

    it("waits for at most one service account before the fill, since creating one takes ten seconds", () => {
      const byUrn = new Map(resources.map((each) => [each.urn, each]));
      const accountsOnPath = ({ type, dependencies }: Declared): number => {
        const most = Math.max(0, ...dependencies.map((urn) => accountsOnPath(byUrn.get(urn) as Declared)));
        return most + (type.endsWith(":Account") ? 1 : 0);
      };
      expect(accountsOnPath(named(resources, "parties-filled"))).to.equal(1);
    });

    it("creates nothing before the APIs are enabled", () => {
      const apis = ofType(resources, "service:Service").map(({ urn }) => urn);
      const others = resources.filter(({ custom, type }) => custom && !type.endsWith("service:Service"));
      for (const { name, dependencies } of others) expect(dependencies, name).to.include.members(apis);
    });

    it("builds functions after the grants of the account that builds them", () => {
      for (const fn of ofType(resources, "function:Function")) {
        const names = [...allBefore(resources, fn)].map(({ name }) => name);
        expect(names).to.include.members(grantsOf("functions-build"));
      }
    });

    it("creates each schedule after the grant that lets it call its target", () => {
      const names = (schedule: string) => [...allBefore(resources, named(resources, schedule))].map(({ name }) => name);
      expect(names("daily-generate-schedule")).to.include("daily-trigger-invoker");
      expect(names("daily-load-schedule")).to.include("daily-load-invoker");
      for (const schedule of ["daily-dbt-schedule", "daily-report-schedule"])
        expect(names(schedule)).to.include.members(["daily-trigger-invoker", ...grantsOf("coffee-trigger")]);
    });
  });

  describe("least privilege", () => {
    it("is as docs/least-privilege.md says (UPDATE_GOLDEN=1 npx mocha test/index.test.ts writes the file)", () => {
      const text = leastPrivilege(resources);
      expect(text).to.equal(leastPrivilegePage(text));
      for (const { inputs } of ofType(resources, "account:Account"))
        expect(text).to.contain(`| \`${inputs.accountId}\` |`);
    });

    it("grants roles to service accounts of the stack only, and nothing to everybody", () => {
      const accounts = ofType(resources, "account:Account").map(
        ({ inputs }) => `${inputs.accountId}@${PROJECT}.iam.gserviceaccount.com`,
      );
      const grants = resources.filter(({ inputs }) => inputs.member !== undefined || inputs.userByEmail !== undefined);
      expect(grants.length).to.be.above(15);
      for (const { name, inputs } of grants)
        expect(accounts, name).to.include(inputs.userByEmail ?? inputs.member.replace("serviceAccount:", ""));
      expect(JSON.stringify(resources)).not.to.match(/allUsers|allAuthenticatedUsers/);
    });

    it("lets no account that runs write to the bucket of code", () => {
      const onCode = ofType(resources, "bucketIAMMember:BucketIAMMember").filter(({ inputs }) =>
        inputs.bucket.endsWith("-code"),
      );
      expect(onCode.length).to.be.above(5);
      expect(new Set(onCode.map(({ inputs }) => inputs.role))).to.deep.equal(new Set(["roles/storage.objectViewer"]));
      for (const { name, inputs } of ofType(resources, "bucketObject:BucketObject"))
        expect(inputs.bucket, name).to.match(/-code$/);
    });

    it("keeps the ground truth from the load", () => {
      const { condition } = named(resources, "coffee-load-files").inputs;
      expect(condition.expression).to.equal(
        `resource.name.startsWith("projects/_/buckets/${PROJECT}-coffee-demo/objects/csv_sources/")`,
      );
    });

    it("grants a role on the project only where Google offers no narrower resource", () => {
      const roles = ofType(resources, "iAMMember:IAMMember").map(({ inputs }) => [
        inputs.role,
        inputs.condition?.expression ?? "always",
      ]);
      expect(new Set(roles.map((role) => role.join(" ")))).to.deep.equal(
        new Set([
          "roles/analyticshub.subscriptionOwner always",
          "roles/bigquery.jobUser always",
          "roles/bigquery.user always",
          "roles/logging.logWriter always",
          'roles/storage.objectViewer resource.name.startsWith("projects/_/buckets/gcf-v2-sources-")',
        ]),
      );
    });

    it("lets only the scheduler's account call a function", () => {
      const invokers = ofType(resources, "serviceIamMember:ServiceIamMember").map(
        ({ inputs }) => `${inputs.name} ${inputs.member}`,
      );
      const scheduler = `serviceAccount:coffee-scheduler@${PROJECT}.iam.gserviceaccount.com`;
      expect(invokers.sort()).to.deep.equal([`load-bq-from-csv ${scheduler}`, `trigger-job ${scheduler}`]);
    });

    it("gives each job and function an account of its own, except the job and the function that load", () => {
      const users = [
        ...ofType(resources, "gcp:cloudrunv2/job:Job").map(({ inputs }) => inputs.template.template.serviceAccount),
        ...ofType(resources, "function:Function").map(({ inputs }) => inputs.serviceConfig.serviceAccountEmail),
      ];
      expect(users).to.have.length(7);
      expect(new Set(users).size).to.equal(6);
    });

    it("lets the people whom the settings name read the reports and nothing else", async () => {
      const people = ["user:ann@example.com", "group:owners@example.com", "domain:example.com"];
      const config = { "gcp-data-demos:reportReaders": people.join() };
      const granted = (await declareStack({ config })).resources.filter(({ inputs }) => people.includes(inputs.member));
      const [bucket, role] = [`${PROJECT}-coffee-demo-reports`, "roles/storage.objectViewer"];
      expect(granted.map(({ inputs }) => inputs)).to.have.deep.members(
        people.map((member) => ({ bucket, role, member })),
      );
    });

    it("lets the generator write its two folders of the bucket of files, and read no other", () => {
      const grants = ofType(resources, "bucketIAMMember:BucketIAMMember").filter(
        ({ inputs }) => inputs.member.includes("coffee-data@") && inputs.bucket === `${PROJECT}-coffee-demo`,
      );
      const folder = (name: string) =>
        `roles/storage.objectUser resource.name.startsWith("projects/_/buckets/${PROJECT}-coffee-demo/objects/${name}/")`;
      expect(grants.map(({ inputs }) => `${inputs.role} ${inputs.condition?.expression ?? "always"}`)).to.have.members([
        folder("csv_sources"),
        folder("ground_truth"),
        "roles/storage.legacyBucketReader always",
      ]);
    });

    it("lets the job that writes the reports change nothing else", () => {
      const grants = resources.filter(({ inputs }) =>
        `${inputs.member ?? inputs.userByEmail}`.includes("coffee-report@"),
      );
      const writes = grants.filter(({ inputs }) => /objectUser|WRITER/.test(inputs.role));
      expect(writes.map(({ inputs }) => inputs.bucket)).to.deep.equal([`${PROJECT}-coffee-demo-reports`]);
    });

    it("has no secret in an input or an environment variable", () => {
      expect(JSON.stringify(resources.map(({ inputs }) => inputs))).not.to.match(
        /"secret":|password|api_?key|private_key/i,
      );
    });
  });

  it("can be destroyed completely: nothing is protected, and buckets and datasets go with their contents", () => {
    for (const { name, inputs } of [
      ...ofType(resources, "table:Table"),
      ...ofType(resources, "gcp:cloudrunv2/job:Job"),
    ])
      expect(inputs.deletionProtection, name).to.equal(false);
    for (const { name, inputs } of ofType(resources, "dataset:Dataset"))
      expect(inputs.deleteContentsOnDestroy, name).to.equal(true);
    for (const { name, inputs } of ofType(resources, "bucket:Bucket")) expect(inputs.forceDestroy, name).to.equal(true);
    for (const { name, inputs } of ofType(resources, "service:Service"))
      expect(inputs.disableOnDestroy, name).to.equal(false);
  });

  it("replaces a resource whose long operation failed, since an update would change nothing", () => {
    const operated = [
      "cloudrunv2/job:Job",
      "cloudfunctionsv2/function:Function",
      "artifactregistry/repository:Repository",
    ];
    const found = resources.filter(({ type }) => operated.some((end) => type.endsWith(end)));
    expect(found.length).to.equal(9);
    for (const { name, remade } of found) expect(remade, name).to.equal(true);
  });

  it("names the project of every resource that has one", () => {
    const without = new Set(["BucketObject", "BucketIAMMember", "JobRun"]);
    for (const { name, type, custom, inputs } of resources)
      if (custom && !without.has(type.split(":").at(-1) ?? "")) expect(inputs.project, name).to.equal(PROJECT);
  });

  it("outputs the queries with full table names, the bucket, and links that name the project", () => {
    expect(outputs.bucketUrl).to.equal(`gs://${PROJECT}-coffee-demo`);
    expect(Object.keys(outputs.useCases)).to.have.length.of.at.least(7);
    expect(outputs.useCases["01-transaction-verification"]).to.include(`FROM \`${PROJECT}.merchant.orders\` AS o`);
    expect(outputs.lookerStudio.flat_order_details).to.include(`ds.projectId=${PROJECT}&ds.datasetId=coffee_marts`);
    expect(outputs.reports.sales).to.equal(
      `https://storage.cloud.google.com/${PROJECT}-coffee-demo-reports/sales.html`,
    );
    expect(JSON.stringify(outputs.links).split(PROJECT).length).to.be.above(10);
    expect(outputs.nextSteps.at(-1)).to.include("npx pulumi destroy");
  });

  it("stops at wrong settings before it declares anything, with a message and no stack trace", async () => {
    const config = { "gcp-data-demos:retries": "0", "gcp-data-demos:region": "Kyiv" };
    const error = await declareStack({ config }).then(
      () => expect.fail("it was accepted"),
      (failed: Error) => failed,
    );
    expect(pulumi.RunError.isInstance(error)).to.equal(true);
    expect(error.message).to.include('gcp-data-demos:retries is "0"').and.to.include('gcp-data-demos:region is "Kyiv"');
  });

  it("lets the fill write to the bucket if the source is synthetic", async () => {
    const config = { "gcp-data-demos:thelookSource": "synthetic:", "gcp-data-demos:location": "EU" };
    const europe = (await declareStack({ config })).resources;
    const { role, condition } = named(europe, "parties-fill-files").inputs;
    expect(role).to.equal("roles/storage.objectUser");
    expect(condition.expression).to.contain(`${PROJECT}-coffee-demo/objects/thelook/"`);
    const { envs } = named(europe, "parties-fill-job").inputs.template.template.containers[0];
    expect(envs).to.deep.include({ name: "LAKE_URL", value: `gs://${PROJECT}-coffee-demo` });
    expect(envs).to.deep.include({ name: "WAREHOUSE_URL", value: `bigquery://${PROJECT}?location=EU` });
  });

  describe("in two projects", () => {
    let split: Declared[];
    let queries: Record<string, string>;
    before(async () => {
      const config = { "gcp-data-demos:merchantProject": "the-merchant", "gcp-data-demos:walletProject": "the-wallet" };
      const stack = await declareStack({ config });
      split = stack.resources;
      queries = stack.outputs.useCases;
    });

    it("puts each party's data into the party's project, and jobs into the stack's", () => {
      const projects = (name: string) => named(split, name).inputs.project;
      expect(projects("parties-merchant-dataset")).to.equal("the-merchant");
      expect(projects("parties-merchant-users")).to.equal("the-merchant");
      expect(projects("parties-wallet-transactions")).to.equal("the-wallet");
      expect(projects("parties-fill-job")).to.equal(PROJECT);
      expect(projects("coffee-raw-dataset")).to.equal(PROJECT);
      expect(projects("clean-room-wallet-shared-dataset")).to.equal("the-wallet");
      expect(projects("clean-room-merchant-exchange")).to.equal("the-merchant");
      expect(projects("clean-room-merchant-subscription")).to.equal("the-merchant");
    });

    it("grants roles and enables APIs in the project of each resource", () => {
      const projects = (name: string) => named(split, name).inputs.project;
      expect(projects("parties-fill-merchant")).to.equal("the-merchant");
      expect(projects("parties-fill-wallet")).to.equal("the-wallet");
      expect(projects("parties-fill-queries")).to.equal("the-merchant");
      const apis = ofType(split, "service:Service").map(({ inputs }) => `${inputs.project} ${inputs.service}`);
      expect(apis).to.include.members(["the-merchant bigquery.googleapis.com", "the-wallet bigquery.googleapis.com"]);
      expect(apis).not.to.include("the-wallet run.googleapis.com");
    });

    it("tells the fill and the queries the project of each dataset", () => {
      const { envs } = named(split, "parties-fill-job").inputs.template.template.containers[0];
      expect(envs[0]).to.deep.equal({
        name: "WAREHOUSE_URL",
        value: "bigquery://the-merchant?location=US&datasets=ewallet_provider:the-wallet",
      });
      expect(queries["04-wallet-enrichment"]).to.include("`the-wallet.ewallet_provider.provider_users`");
      expect(queries["04-wallet-enrichment"]).to.include("`the-wallet.linked_merchant.users_shared`");
      expect(queries["04-wallet-enrichment"]).not.to.include("the-merchant");
    });
  });

  describe("fingerprints", () => {
    const fingerprints = (of: readonly Declared[]) =>
      Object.fromEntries(
        ofType(of, "pulumi-nodejs:dynamic/bigquery-clean-room:JobRun").map(({ name, inputs }) => [
          name,
          inputs.fingerprint,
        ]),
      );
    const changed = async (config: Record<string, string>) => {
      const before = fingerprints(resources);
      const after = fingerprints((await declareStack({ config })).resources);
      return Object.keys(before)
        .filter((name) => before[name] !== after[name])
        .sort();
    };

    it("are the same for the same settings, so that no job runs again", async () => {
      expect(await changed({})).to.deep.equal([]);
    });

    itInCI("change with a setting, for the jobs that use it and those that depend on them", async () => {
      expect(await changed({ "gcp-data-demos:walletShare": "0.3" })).to.deep.equal(["parties-filled"]);
      const shop = ["coffee-generated", "coffee-loaded", "marts-built", "marts-documented", "reports-written"];
      expect(await changed({ "gcp-data-demos:days": "30" })).to.deep.equal(shop);
      expect(await changed({ "gcp-data-demos:loadSchedule": "0 5 * * *" })).to.deep.equal([]);
    });
  });
});
