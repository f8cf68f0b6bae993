import { expect } from "chai";
import { type Grant, grant } from "../../components/grants.ts";
import { Identity } from "../../components/identity.ts";
import { allBefore, type Declared, declare, named } from "./stack.ts";
import { place } from "./support.ts";

const { project, region } = place;
const somebody = { email: "a@b.iam.gserviceaccount.com", member: "serviceAccount:a@b.iam.gserviceaccount.com" };

async function granted(given: Grant): Promise<Declared> {
  const { resources } = await declare(() => {
    grant("given", somebody, given, {});
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
      given: { on: "project", project, role: "roles/bigquery.jobUser" },
      type: "gcp:projects/iAMMember:IAMMember",
      inputs: { project, role: "roles/bigquery.jobUser", member: somebody.member },
    },
  ];
  for (const { given, type, inputs } of cases) {
    it(`on a ${given.on} is one ${type.split(":").at(-1)}`, async () => {
      const declared = await granted(given);
      expect(declared.type).to.equal(type);
      expect(declared.inputs).to.deep.equal(inputs);
    });
  }
});

describe("Identity", () => {
  it("is a service account with its grants, which whoever depends on it waits for", async () => {
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
