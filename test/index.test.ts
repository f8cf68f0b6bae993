import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { allTables } from "../generator/tables/index.ts";
import { golden, inventory } from "./components/golden.ts";
import { allBefore, type Declared, declareStack, named, ofType, PROJECT } from "./components/stack.ts";

describe("the stack", () => {
  let resources: Declared[];
  let outputs: Awaited<ReturnType<typeof declareStack>>["outputs"];

  before(async () => {
    ({ resources, outputs } = await declareStack());
  });

  it("declares what test/components/golden/stack.txt says (UPDATE_GOLDEN=1 npx mocha test/index.test.ts writes it anew)", () => {
    const text = inventory(resources);
    expect(text).to.equal(golden("stack.txt", text));
  });

  it("can be previewed without asking Google, and makes the same resources when nothing is known yet", async () => {
    const preview = await declareStack({ preview: true });
    const urns = (of: readonly Declared[]) => of.map(({ urn }) => urn).sort();
    expect(urns(preview.resources)).to.deep.equal(urns(resources));
  });

  it("has an index.ts of at most 60 lines, without a condition or a loop", () => {
    const text = readFileSync(new URL("../index.ts", import.meta.url), "utf8");
    expect(text.trimEnd().split("\n").length).to.be.at.most(60);
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
      { name: "clean-room-filled", account: "thelook-fill", datasets: ["merchant", "ewallet_provider"], grants: 4 },
      { name: "coffee-generated", account: "coffee-data", datasets: [], grants: 1 },
      { name: "coffee-loaded", account: "coffee-load", datasets: ["coffee_shop"], grants: 3 },
      { name: "reports-built", account: "coffee-dbt", datasets: ["coffee_marts", "coffee_shop"], grants: 4 },
      { name: "dashboards-written", account: "coffee-report", datasets: ["coffee_marts"], grants: 4 },
    ];
    for (const { name, account, datasets, grants } of needs) {
      it(`runs ${name} after its tables, the code, and every grant of ${account}`, () => {
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
      expect(run("reports-built").names).to.include("coffee-loaded");
      expect(run("reports-documented").names).to.include("reports-built");
      expect(run("dashboards-written").names).to.include.members(["reports-built", "dashboards-bucket"]);
    });

    it("waits for one service account at most on the way to the fill, each taking ten seconds", () => {
      const byUrn = new Map(resources.map((each) => [each.urn, each]));
      const accountsOnPath = ({ type, dependencies }: Declared): number => {
        const most = Math.max(0, ...dependencies.map((urn) => accountsOnPath(byUrn.get(urn) as Declared)));
        return most + (type.endsWith(":Account") ? 1 : 0);
      };
      expect(accountsOnPath(named(resources, "clean-room-filled"))).to.equal(1);
    });

    it("does nothing before the APIs it needs are enabled", () => {
      const apis = ofType(resources, "service:Service").map(({ urn }) => urn);
      const others = resources.filter(({ custom, type }) => custom && !type.endsWith("service:Service"));
      for (const { name, dependencies } of others) expect(dependencies, name).to.include.members(apis);
    });

    it("builds functions only after the grants of the account that builds them", () => {
      for (const fn of ofType(resources, "function:Function")) {
        const names = [...allBefore(resources, fn)].map(({ name }) => name);
        expect(names).to.include.members(grantsOf("functions-build"));
      }
    });

    it("lets the first of each schedule come after its target lets the scheduler in", () => {
      const names = (schedule: string) => [...allBefore(resources, named(resources, schedule))].map(({ name }) => name);
      expect(names("daily-generate-schedule")).to.include("daily-trigger-invoker");
      expect(names("daily-load-schedule")).to.include("daily-load-invoker");
      expect(names("daily-dbt-schedule")).to.include("daily-scheduler-dbt");
      expect(names("daily-report-schedule")).to.include("daily-scheduler-report");
    });
  });

  describe("least privilege", () => {
    it("grants nothing to everybody, and nothing but to service accounts of the stack", () => {
      const accounts = ofType(resources, "account:Account").map(
        ({ inputs }) => `${inputs.accountId}@${PROJECT}.iam.gserviceaccount.com`,
      );
      const grants = resources.filter(({ inputs }) => inputs.member !== undefined || inputs.userByEmail !== undefined);
      expect(grants.length).to.be.above(15);
      for (const { name, inputs } of grants)
        expect(accounts, name).to.include(inputs.userByEmail ?? inputs.member.replace("serviceAccount:", ""));
      expect(JSON.stringify(resources)).not.to.match(/allUsers|allAuthenticatedUsers/);
    });

    it("grants on a project only what Google grants nowhere else", () => {
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

    it("gives no two jobs or functions the same account, but for the two that load", () => {
      const users = [
        ...ofType(resources, "gcp:cloudrunv2/job:Job").map(({ inputs }) => inputs.template.template.serviceAccount),
        ...ofType(resources, "function:Function").map(({ inputs }) => inputs.serviceConfig.serviceAccountEmail),
      ];
      expect(users).to.have.length(7);
      expect(new Set(users).size).to.equal(6);
    });

    it("lets those whom the settings name read the reports, and nothing else", async () => {
      const people = ["user:ann@example.com", "group:owners@example.com", "domain:example.com"];
      const config = { "gcp-data-demos:reportReaders": people.join() };
      const granted = (await declareStack({ config })).resources.filter(({ inputs }) => people.includes(inputs.member));
      const [bucket, role] = [`${PROJECT}-coffee-demo-reports`, "roles/storage.objectViewer"];
      expect(granted.map(({ inputs }) => inputs)).to.have.deep.members(
        people.map((member) => ({ bucket, role, member })),
      );
    });

    it("lets what writes the reports change nothing but them", () => {
      const grants = resources.filter(({ inputs }) =>
        `${inputs.member ?? inputs.userByEmail}`.includes("coffee-report@"),
      );
      const writes = grants.filter(({ inputs }) => /objectUser|WRITER/.test(inputs.role));
      expect(writes.map(({ inputs }) => inputs.bucket)).to.deep.equal([`${PROJECT}-coffee-demo-reports`]);
    });

    it("has no secret in an input or an environment", () => {
      expect(JSON.stringify(resources.map(({ inputs }) => inputs))).not.to.match(
        /"secret":|password|api_?key|private_key/i,
      );
    });
  });

  it("can be destroyed whole: nothing is protected, and contents go with what holds them", () => {
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

  it("makes anew what failed in a long operation of Google's, which an update would leave as it is", () => {
    const operated = [
      "cloudrunv2/job:Job",
      "cloudfunctionsv2/function:Function",
      "artifactregistry/repository:Repository",
    ];
    const found = resources.filter(({ type }) => operated.some((end) => type.endsWith(end)));
    expect(found.length).to.equal(9);
    for (const { name, remade } of found) expect(remade, name).to.equal(true);
  });

  it("names the project of everything that has one", () => {
    const without = new Set(["BucketObject", "BucketIAMMember", "JobRun"]);
    for (const { name, type, custom, inputs } of resources)
      if (custom && !without.has(type.split(":").at(-1) ?? "")) expect(inputs.project, name).to.equal(PROJECT);
  });

  it("gives the queries with full table names, the bucket, and links that name the project", () => {
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

  it("stops at wrong settings before anything is declared, with a message and no stack trace", async () => {
    const config = { "gcp-data-demos:retries": "0", "gcp-data-demos:region": "Kyiv" };
    const error = await declareStack({ config }).then(
      () => expect.fail("it was accepted"),
      (failed: Error) => failed,
    );
    expect(pulumi.RunError.isInstance(error)).to.equal(true);
    expect(error.message).to.include('gcp-data-demos:retries is "0"').and.to.include('gcp-data-demos:region is "Kyiv"');
  });

  it("writes the synthetic thelook to the bucket where that is the source, as an account that may", async () => {
    const config = { "gcp-data-demos:thelookSource": "synthetic:", "gcp-data-demos:location": "EU" };
    const europe = (await declareStack({ config })).resources;
    expect(named(europe, "clean-room-fill-bucket").inputs.role).to.equal("roles/storage.objectUser");
    const { envs } = named(europe, "clean-room-fill-job").inputs.template.template.containers[0];
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

    it("puts each party's data into its project, and what runs into the stack's", () => {
      const projects = (name: string) => named(split, name).inputs.project;
      expect(projects("clean-room-merchant-dataset")).to.equal("the-merchant");
      expect(projects("clean-room-merchant-users")).to.equal("the-merchant");
      expect(projects("clean-room-wallet-transactions")).to.equal("the-wallet");
      expect(projects("clean-room-fill-job")).to.equal(PROJECT);
      expect(projects("coffee-raw-dataset")).to.equal(PROJECT);
      expect(projects("sharing-wallet-shared-dataset")).to.equal("the-wallet");
      expect(projects("sharing-merchant-exchange")).to.equal("the-merchant");
      expect(projects("sharing-merchant-subscription")).to.equal("the-merchant");
    });

    it("grants in the project of what is granted, and enables its APIs there", () => {
      const projects = (name: string) => named(split, name).inputs.project;
      expect(projects("clean-room-fill-merchant")).to.equal("the-merchant");
      expect(projects("clean-room-fill-wallet")).to.equal("the-wallet");
      expect(projects("clean-room-fill-queries")).to.equal("the-merchant");
      const apis = ofType(split, "service:Service").map(({ inputs }) => `${inputs.project} ${inputs.service}`);
      expect(apis).to.include.members(["the-merchant bigquery.googleapis.com", "the-wallet bigquery.googleapis.com"]);
      expect(apis).not.to.include("the-wallet run.googleapis.com");
    });

    it("tells the fill and the queries where each dataset is", () => {
      const { envs } = named(split, "clean-room-fill-job").inputs.template.template.containers[0];
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
        ofType(of, "pulumi-nodejs:dynamic/demo:JobRun").map(({ name, inputs }) => [name, inputs.fingerprint]),
      );
    const changed = async (config: Record<string, string>) => {
      const before = fingerprints(resources);
      const after = fingerprints((await declareStack({ config })).resources);
      return Object.keys(before)
        .filter((name) => before[name] !== after[name])
        .sort();
    };

    it("are the same for the same settings, so that nothing runs again", async () => {
      expect(await changed({})).to.deep.equal([]);
    });

    it("change with a setting, for what it decides and for all that follows from that", async () => {
      expect(await changed({ "gcp-data-demos:walletShare": "0.3" })).to.deep.equal(["clean-room-filled"]);
      const marts = ["reports-built", "reports-documented"];
      const shop = ["coffee-generated", "coffee-loaded", "dashboards-written", ...marts];
      expect(await changed({ "gcp-data-demos:days": "30" })).to.deep.equal(shop);
      expect(await changed({ "gcp-data-demos:loadSchedule": "0 5 * * *" })).to.deep.equal([]);
    });
  });
});
