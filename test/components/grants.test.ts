import { expect } from "chai";
import { type Grant, type Grantee, grant } from "../../components/google/grants.ts";
import { Identity } from "../../components/google/identity.ts";
import { allBefore, type Declared, declare, named } from "./stack.ts";
import { place } from "./support.ts";

const { project, region } = place;
const somebody = { email: "a@b.iam.gserviceaccount.com", member: "serviceAccount:a@b.iam.gserviceaccount.com" };

async function granted(given: Grant, to: Grantee = somebody): Promise<Declared> {
  const { resources } = await declare(() => {
    grant("given", to, given, {});
  });
  return named(resources, "given");
}

describe("a grant", () => {
  const at = { project, region, name: "thing" };
  const regional = { project, location: region };
  const cases: { given: Grant; type: string; inputs: object }[] = [
    {
      given: { on: "dataset", project, dataset: "d", role: "WRITER" },
      type: "gcp:bigquery/datasetAccess:DatasetAccess",
      inputs: { project, datasetId: "d", role: "WRITER", userByEmail: somebody.email },
    },
    {
      given: { on: "bucket", bucket: "b", role: "roles/storage.objectViewer" },
      type: "gcp:storage/bucketIAMMember:BucketIAMMember",
      inputs: { bucket: "b", role: "roles/storage.objectViewer", member: somebody.member },
    },
    {
      given: { on: "job", ...at, role: "roles/run.jobsExecutor" },
      type: "gcp:cloudrunv2/jobIamMember:JobIamMember",
      inputs: { ...regional, name: "thing", role: "roles/run.jobsExecutor", member: somebody.member },
    },
    {
      given: { on: "function", ...at, role: "roles/run.invoker" },
      type: "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
      inputs: { ...regional, name: "thing", role: "roles/run.invoker", member: somebody.member },
    },
    {
      given: { on: "repository", ...at, role: "roles/artifactregistry.writer" },
      type: "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
      inputs: { ...regional, repository: "thing", role: "roles/artifactregistry.writer", member: somebody.member },
    },
    {
      given: { on: "exchange", project, location: "us", exchange: "e", role: "roles/analyticshub.subscriber" },
      type: "gcp:bigqueryanalyticshub/dataExchangeIamMember:DataExchangeIamMember",
      inputs: {
        project,
        location: "us",
        dataExchangeId: "e",
        role: "roles/analyticshub.subscriber",
        member: somebody.member,
      },
    },
    {
      given: { on: "project", project, role: "roles/bigquery.jobUser" },
      type: "gcp:projects/iAMMember:IAMMember",
      inputs: { project, role: "roles/bigquery.jobUser", member: somebody.member },
    },
  ];
  for (const { given, type, inputs } of cases) {
    it(`on ${given.on === "exchange" ? "an" : "a"} ${given.on} is one ${type.split(":").at(-1)}`, async () => {
      const declared = await granted(given);
      expect(declared.type).to.equal(type);
      expect(declared.inputs).to.deep.equal(inputs);
    });
  }

  it("on a dataset names a group as a group, and a person as a user", async () => {
    const dataset: Grant = { on: "dataset", project, dataset: "d", role: "READER" };
    const group = { email: "analysts@example.com", member: "group:analysts@example.com" };
    const person = { email: "ann@example.com", member: "user:ann@example.com" };
    const common = { project, datasetId: "d", role: "READER" };
    expect((await granted(dataset, group)).inputs).to.deep.equal({ ...common, groupByEmail: group.email });
    expect((await granted(dataset, person)).inputs).to.deep.equal({ ...common, userByEmail: person.email });
  });

  it("on a project carries its condition", async () => {
    const condition = { title: "one_bucket", expression: 'resource.name == "projects/_/buckets/b"' };
    const { inputs } = await granted({ on: "project", project, role: "roles/storage.objectViewer", condition });
    expect(inputs).to.deep.equal({ project, role: "roles/storage.objectViewer", member: somebody.member, condition });
  });
});

describe("Identity", () => {
  it("is a service account with its grants, and a resource that depends on it waits for all of them", async () => {
    const { resources, outputs } = await declare(() => {
      const bucket = { on: "bucket", bucket: "b", role: "roles/storage.objectUser" } as const;
      const args = { accountId: "worker", displayName: "Works", project, grants: { bucket } };
      const worker = new Identity("worker", args);
      new Identity("other", { ...args, accountId: "other" }, { dependsOn: worker });
      return { email: worker.email, member: worker.member };
    });
    expect(outputs.member).to.equal(`serviceAccount:${outputs.email}`);
    expect(named(resources, "worker-bucket").inputs.member).to.equal(outputs.member);
    const before = [...allBefore(resources, named(resources, "other-account"))].map(({ name }) => name);
    expect(before.sort()).to.deep.equal(["worker-account", "worker-bucket"]);
  });
});
