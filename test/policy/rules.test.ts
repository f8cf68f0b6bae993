import { expect } from "chai";
import { levels, type Resource, unknownString, violations } from "./support.ts";

const labels = { demo: "coffee-shop" };
const bucket: Resource = {
  type: "gcp:storage/bucket:Bucket",
  name: "lake",
  props: {
    location: "US",
    labels,
    publicAccessPrevention: "enforced",
    uniformBucketLevelAccess: true,
    forceDestroy: true,
  },
};
const dataset: Resource = {
  type: "gcp:bigquery/dataset:Dataset",
  name: "coffee",
  props: { datasetId: "coffee_shop", location: "US", labels, deleteContentsOnDestroy: true },
};
const table: Resource = {
  type: "gcp:bigquery/table:Table",
  name: "orders",
  props: { tableId: "orders", labels, deletionProtection: false },
};
const serviceAccount = "load@p.iam.gserviceaccount.com";
const job: Resource = {
  type: "gcp:cloudrunv2/job:Job",
  name: "load",
  props: {
    location: "us-central1",
    labels,
    deletionProtection: false,
    template: { serviceAccount, template: { serviceAccount } },
  },
};
const grant: Resource = {
  type: "gcp:storage/bucketIAMMember:BucketIAMMember",
  name: "load-reads",
  props: {
    bucket: "lake",
    role: "roles/storage.objectViewer",
    member: "serviceAccount:load@p.iam.gserviceaccount.com",
  },
};
const jobUser: Resource = {
  type: "gcp:projects/iAMMember:IAMMember",
  name: "load-queries",
  props: { project: "p", role: "roles/bigquery.jobUser", member: "serviceAccount:load@p.iam.gserviceaccount.com" },
};

/** `resource` with other inputs; undefined removes an input. */
function but(resource: Resource, props: Record<string, unknown>): Resource {
  const all = { ...resource.props, ...props };
  return { ...resource, props: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) };
}

/** Runs all rules on one resource and expects a single violation, of this rule, that names the resource. */
async function expectOnly(rule: string, resource: Resource, ...parts: string[]): Promise<void> {
  const found = await violations([resource]);
  expect(found).to.have.length(1);
  expect(found[0]).to.match(new RegExp(`^${rule}: ${resource.name}: `));
  for (const part of parts) expect(found[0]).to.include(part);
}

describe("the policy pack's rules", () => {
  it("find nothing in a stack that follows them", async () => {
    expect(await violations([bucket, dataset, table, job, grant, jobUser])).to.deep.equal([]);
  });

  it("are all mandatory", () => {
    expect(new Set(levels)).to.deep.equal(new Set(["mandatory"]));
  });

  describe("nothing-public", () => {
    for (const everybody of ["allUsers", "allAuthenticatedUsers"]) {
      it(`refuses ${everybody} as a member, in a binding, in a policy and as a dataset's special group`, async () => {
        await expectOnly("nothing-public", but(grant, { member: everybody }), "member is", everybody);
        const members = { member: undefined, members: ["user:a@example.com", everybody] };
        await expectOnly("nothing-public", but(grant, members), "members.1 is");
        const policyData = JSON.stringify({ bindings: [{ role: "roles/run.invoker", members: [everybody] }] });
        await expectOnly("nothing-public", but(grant, { policyData }), "policyData.bindings.0.members.0 is");
        const access: Resource = {
          type: "gcp:bigquery/datasetAccess:DatasetAccess",
          name: "open",
          props: { datasetId: "merchant", role: "READER", specialGroup: everybody },
        };
        await expectOnly("nothing-public", access, "specialGroup is");
      });
    }

    it("refuses a dataset that is open to a domain, or to everybody with a role on the project", async () => {
      const access = { type: "gcp:bigquery/datasetAccess:DatasetAccess", name: "open" };
      for (const crowd of [{ domain: "gmail.com" }, { specialGroup: "projectReaders" }]) {
        const open = { ...access, props: { datasetId: "merchant", role: "READER", ...crowd } };
        await expectOnly("nothing-public", open, Object.keys(crowd)[0] ?? "", "opens the dataset");
      }
    });

    it("requires public access prevention enforced on a bucket, not inherited and not left out", async () => {
      await expectOnly("nothing-public", but(bucket, { publicAccessPrevention: "inherited" }), '"enforced"');
      await expectOnly("nothing-public", but(bucket, { publicAccessPrevention: undefined }), '"enforced"');
    });

    it("refuses an object with a public access list, and a service without an IAM check", async () => {
      const object = {
        type: "gcp:storage/bucketObject:BucketObject",
        name: "page",
        props: { predefinedAcl: "publicRead" },
      };
      await expectOnly("nothing-public", object, "predefinedAcl");
      const service = { type: "gcp:cloudrunv2/service:Service", name: "web" };
      await expectOnly(
        "nothing-public",
        { ...service, props: { ...job.props, invokerIamDisabled: true } },
        "invokerIamDisabled",
      );
    });

    it("allows a text that only mentions allUsers", async () => {
      expect(await violations([but(table, { description: "never granted to allUsers" })])).to.deep.equal([]);
    });
  });

  describe("no-primitive-roles", () => {
    for (const role of ["owner", "editor", "viewer", "admin", "writer", "reader"]) {
      it(`refuses roles/${role} on a resource`, () =>
        expectOnly("no-primitive-roles", but(grant, { role: `roles/${role}` }), `roles/${role}`));
    }

    it("refuses administrators' roles, which may give rights to others", async () => {
      for (const role of [
        "storage.admin",
        "storage.objectAdmin",
        "iam.serviceAccountAdmin",
        "storage.legacyBucketOwner",
      ])
        await expectOnly("no-primitive-roles", but(grant, { role: `roles/${role}` }), role, "rights to others");
      expect(await violations([but(grant, { role: "roles/storage.legacyBucketReader" })])).to.deep.equal([]);
    });

    it("allows a dataset's READER, WRITER and OWNER, which are roles on one dataset", async () => {
      for (const role of ["READER", "WRITER", "OWNER"]) {
        const access = { type: "gcp:bigquery/datasetAccess:DatasetAccess", name: "reads", props: { role } };
        expect(await violations([access])).to.deep.equal([]);
      }
    });
  });

  describe("no-borrowed-accounts", () => {
    const fn: Resource = {
      type: "gcp:cloudfunctionsv2/function:Function",
      name: "load",
      props: {
        labels,
        serviceConfig: { serviceAccountEmail: serviceAccount },
        buildConfig: { serviceAccount: `projects/p/serviceAccounts/${serviceAccount}` },
      },
    };

    it("refuses a job or a function that runs or is built as Google's default account", async () => {
      expect(await violations([fn])).to.deep.equal([]);
      await expectOnly("no-borrowed-accounts", but(job, { template: { template: {} } }), "template.serviceAccount is");
      await expectOnly("no-borrowed-accounts", but(job, { template: undefined }), "template.template.serviceAccount");
      await expectOnly("no-borrowed-accounts", but(fn, { serviceConfig: {} }), "serviceConfig.serviceAccountEmail");
      await expectOnly("no-borrowed-accounts", but(fn, { buildConfig: {} }), "buildConfig.serviceAccount is empty");
    });

    it("allows an account whose address is unknown during a preview", async () => {
      const template = { template: { serviceAccount: unknownString } };
      expect(await violations([but(job, { template })])).to.deep.equal([]);
    });

    it("refuses a key of an account, and a grant to act as it", async () => {
      for (const type of ["gcp:serviceaccount/key:Key", "gcp:serviceaccount/iAMMember:IAMMember"])
        await expectOnly("no-borrowed-accounts", { type, name: "key", props: {} }, "act as the account");
    });
  });

  describe("no-plain-secrets", () => {
    const withEnv = (...envs: object[]) =>
      but(job, { template: { template: { serviceAccount, containers: [{ envs }] } } });

    it("refuses a secret's value in an environment variable of a job or a function", async () => {
      await expectOnly(
        "no-plain-secrets",
        withEnv({ name: "HASH_KEY", value: "hunter2" }),
        "HASH_KEY",
        "Secret Manager",
      );
      await expectOnly("no-plain-secrets", withEnv({ name: "API_TOKEN", value: unknownString }), "API_TOKEN");
      const fn: Resource = {
        type: "gcp:cloudfunctionsv2/function:Function",
        name: "load",
        props: {
          labels,
          serviceConfig: { serviceAccountEmail: serviceAccount, environmentVariables: { DB_PASSWORD: "hunter2" } },
          buildConfig: { serviceAccount },
        },
      };
      await expectOnly("no-plain-secrets", fn, "DB_PASSWORD");
    });

    it("allows a secret that is read from Secret Manager, and other variables", async () => {
      const valueSource = { secretKeyRef: { secret: "pepper", version: "latest" } };
      expect(
        await violations([
          withEnv({ name: "HASH_KEY", valueSource }, { name: "TOKEN_URL", value: "https://example.com" }),
        ]),
      ).to.deep.equal([]);
    });
  });

  describe("no-project-wide-role", () => {
    it("refuses a role on the project that Google can grant on a resource", async () => {
      for (const role of ["roles/bigquery.dataViewer", "roles/storage.objectUser", "roles/run.invoker"])
        await expectOnly("no-project-wide-role", but(jobUser, { role }), role, "Grant it on the bucket");
    });

    it("allows such a role only with a condition that limits it to one resource", async () => {
      const reads = but(jobUser, { role: "roles/storage.objectViewer" });
      const only = (expression: string) => but(reads, { condition: { title: "one bucket", expression } });
      for (const narrow of [
        'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-")',
        "resource.name == 'projects/_/buckets/lake'",
        'resource.name.startsWith("projects/_/buckets/lake") && resource.type == "storage.googleapis.com/Object"',
        unknownString,
      ])
        expect(await violations([only(narrow)]), narrow).to.deep.equal([]);
      for (const wide of [
        'request.time < timestamp("2030-01-01T00:00:00Z")',
        '!resource.name.startsWith("projects/_/buckets/lake")',
        'resource.name.startsWith("projects/_/buckets/lake") || true',
        'resource.name == "projects/_/buckets/lake" && false || true',
        'resource.name.startsWith("")',
        'resource.name.startsWith("projects/")',
        'resource.name.startsWith("projects/_/buckets/")',
      ])
        await expectOnly("no-project-wide-role", only(wide), "roles/storage.objectViewer");
    });

    it("refuses roles on folders and organisations", async () => {
      for (const type of ["gcp:folder/iAMMember:IAMMember", "gcp:organizations/iAMMember:IAMMember"])
        await expectOnly(
          "no-project-wide-role",
          { ...but(jobUser, { role: "roles/run.viewer" }), type },
          "roles/run.viewer",
        );
    });

    it("refuses bindings and policies, which replace the grants of others", async () => {
      for (const type of [
        "gcp:projects/iAMBinding:IAMBinding",
        "gcp:projects/iAMPolicy:IAMPolicy",
        "gcp:storage/bucketIAMBinding:BucketIAMBinding",
        "gcp:bigquery/datasetIamPolicy:DatasetIamPolicy",
      ])
        await expectOnly("no-project-wide-role", { ...jobUser, type }, "replaces");
    });

    it("allows audit settings of the project", async () => {
      const audit = {
        type: "gcp:projects/iAMAuditConfig:IAMAuditConfig",
        name: "audit",
        props: { service: "allServices" },
      };
      expect(await violations([audit])).to.deep.equal([]);
    });
  });

  it("uniform-bucket-access refuses a bucket with access lists", async () => {
    await expectOnly("uniform-bucket-access", but(bucket, { uniformBucketLevelAccess: false }));
    await expectOnly("uniform-bucket-access", but(bucket, { uniformBucketLevelAccess: undefined }));
  });

  describe("labelled", () => {
    for (const resource of [bucket, dataset, table, job]) {
      it(`refuses ${resource.type} without labels, or with only the provider's own`, async () => {
        await expectOnly("labelled", but(resource, { labels: undefined }), "labels");
        await expectOnly("labelled", but(resource, { labels: {} }), "labels");
        await expectOnly("labelled", but(resource, { labels: { "goog-pulumi-provisioned": "true" } }), "labels");
      });
    }
  });

  describe("destroyable", () => {
    const guarded: [Resource, string, boolean][] = [
      [table, "deletionProtection", true],
      [job, "deletionProtection", true],
      [dataset, "deleteContentsOnDestroy", false],
      [bucket, "forceDestroy", false],
    ];
    for (const [resource, setting, value] of guarded) {
      it(`refuses ${resource.type} in dev with ${setting} ${value} or left to the provider`, async () => {
        await expectOnly("destroyable", but(resource, { [setting]: value }), setting, "stack dev");
        await expectOnly("destroyable", but(resource, { [setting]: undefined }), setting);
      });
    }

    it("refuses a deletion policy that keeps the resource, and Pulumi's own protection", async () => {
      await expectOnly("destroyable", but(table, { deletionPolicy: "PREVENT" }), "PREVENT");
      await expectOnly("destroyable", but(job, { deletionPolicy: "ABANDON" }), "ABANDON");
      await expectOnly("destroyable", { ...bucket, protect: true }, "protect");
      expect(await violations([but(job, { deletionPolicy: "DELETE" })])).to.deep.equal([]);
    });

    it("refuses a bucket whose retention is locked, which nobody can undo", async () => {
      const retentionPolicy = { isLocked: true, retentionPeriod: "86400" };
      await expectOnly("destroyable", but(bucket, { retentionPolicy }), "locked", "stack dev");
    });

    it("allows protection in production", async () => {
      const guard = { ...but(table, { deletionProtection: true }), stack: "prod-eu", protect: true };
      expect(await violations([guard])).to.deep.equal([]);
    });
  });

  it("data-stays refuses datasets, tables and buckets that delete their data after a time", async () => {
    await expectOnly("data-stays", but(dataset, { defaultTableExpirationMs: 3_600_000 }), "defaultTableExpirationMs");
    await expectOnly("data-stays", but(dataset, { defaultPartitionExpirationMs: 1 }), "defaultPartitionExpirationMs");
    await expectOnly("data-stays", but(table, { expirationTime: 1_800_000_000_000 }), "expirationTime");
    const timePartitioning = { type: "MONTH", field: "order_date", expirationMs: 86_400_000 };
    await expectOnly("data-stays", but(table, { timePartitioning }), "timePartitioning.expirationMs");
    const deleting = (condition: object) => ({ lifecycleRules: [{ action: { type: "Delete" }, condition }] });
    await expectOnly("data-stays", but(bucket, deleting({ age: 30 })), "matchesPrefixes");
    for (const condition of [{ age: 30, matchesPrefixes: ["runs/"] }, { numNewerVersions: 3 }])
      expect(await violations([but(bucket, deleting(condition))])).to.deep.equal([]);
  });

  describe("clean-room", () => {
    const restrictedExportConfig = { enabled: true, restrictQueryResult: true };
    const listing: Resource = {
      type: "gcp:bigqueryanalyticshub/listing:Listing",
      name: "users",
      props: {
        listingId: "users",
        restrictedExportConfig,
        bigqueryDataset: { selectedResources: [{ table: "projects/p/datasets/shared/tables/users" }] },
      },
    };
    const view: Resource = {
      type: "pulumi-nodejs:dynamic/bigquery-clean-room:PrivacyView",
      name: "users",
      props: {
        project: "p",
        dataset: "shared",
        view: "users",
        labels,
        rule: { joinRestriction: { condition: "JOIN_ANY", columns: ["id"] } },
      },
    };

    it("refuses a listing that allows exports of tables or results", async () => {
      expect(await violations([listing, view])).to.deep.equal([]);
      for (const open of [undefined, {}, { enabled: true }, { ...restrictedExportConfig, enabled: false }])
        expect(await violations([but(listing, { restrictedExportConfig: open }), view])).to.match(
          /^clean-room: users: restrictedExportConfig [^,]+$/,
        );
    });

    it("refuses a listing of a table or of a plain view, which has no rule, and one of a whole dataset", async () => {
      const of = (bigqueryDataset: object) => violations([but(listing, { bigqueryDataset }), view]);
      expect(await of({ selectedResources: [{ table: "projects/p/datasets/merchant/tables/users" }] })).to.deep.equal([
        "listed-views: users: projects/p/datasets/merchant/tables/users is not a PrivacyView, so it has no analysis rule. List a PrivacyView.",
      ]);
      expect(await of({ dataset: "projects/p/datasets/merchant" })).to.deep.equal([
        "listed-views: users: shares a whole dataset. List the views in selectedResources.",
      ]);
      expect(await of({ selectedResources: [{ table: unknownString }] })).to.deep.equal([]);
    });

    it("refuses a shared view without a rule, and one without labels", async () => {
      await expectOnly("clean-room", but(view, { rule: {} }), "rule is empty");
      await expectOnly("clean-room", but(view, { rule: undefined }), "rule is empty");
      await expectOnly("labelled", but(view, { labels: {} }), "labels");
    });

    it("refuses a query template that may show single people, or that reads the data of two owners", async () => {
      const approval: Resource = {
        type: "pulumi-nodejs:dynamic/bigquery-clean-room:QueryTemplateApproval",
        name: "reach",
        props: {
          query: "SELECT WITH AGGREGATION_THRESHOLD tier, COUNT(DISTINCT u) AS n FROM t GROUP BY tier",
          reads: [{ project: "p", dataset: "shared" }],
        },
      };
      expect(await violations([approval])).to.deep.equal([]);
      await expectOnly("clean-room", but(approval, { query: "SELECT * FROM t" }), "may show single people");
      const reads = [
        { project: "p", dataset: "shared" },
        { project: "q", dataset: "shared" },
      ];
      await expectOnly("clean-room", but(approval, { reads }), "datasets of p and q");
    });
  });

  it("alerts-tell-somebody refuses an alert policy without a channel or turned off, and a channel without an address", async () => {
    const policy: Resource = {
      type: "gcp:monitoring/alertPolicy:AlertPolicy",
      name: "failed",
      props: { notificationChannels: ["projects/p/notificationChannels/1"] },
    };
    const channel: Resource = {
      type: "gcp:monitoring/notificationChannel:NotificationChannel",
      name: "ann",
      props: { type: "email", labels: { email_address: "ann@example.com" } },
    };
    expect(await violations([policy, channel])).to.deep.equal([]);
    await expectOnly("alerts-tell-somebody", but(policy, { notificationChannels: [] }), "nobody hears of it");
    await expectOnly("alerts-tell-somebody", but(policy, { enabled: false }), "nobody hears of it");
    await expectOnly("alerts-tell-somebody", but(channel, { enabled: false }), "nobody hears of it");
    await expectOnly("alerts-tell-somebody", but(channel, { labels: {} }), "email_address");
  });

  describe("one-location", () => {
    it("refuses a dataset in another location than the bucket, and names both", async () => {
      const found = await violations([bucket, but(dataset, { location: "europe-west1" }), table, job]);
      expect(found).to.have.length(1);
      expect(found[0]).to.include("coffee is in europe-west1, lake in US");
    });

    it("treats US and us as the same location", async () => {
      expect(await violations([bucket, but(dataset, { location: "us" })])).to.deep.equal([]);
    });
  });

  it("skip unknown values during a preview, and still check the rest of the resource", async () => {
    const unknown = but(grant, { member: unknownString, bucket: unknownString });
    expect(await violations([unknown])).to.deep.equal([]);
    await expectOnly("no-primitive-roles", but(unknown, { role: "roles/editor" }));
    for (const resource of [bucket, dataset, table, job]) {
      const later = Object.fromEntries(Object.keys(resource.props).map((key) => [key, unknownString]));
      expect(await violations([{ ...resource, props: later }, bucket])).to.deep.equal([]);
    }
  });
});
