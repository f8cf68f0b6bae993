import { expect } from "chai";
import { declareStack } from "../components/stack.ts";
import { type Resource, violations } from "./support.ts";

/** The resources that index.ts declares with some settings. */
async function declared(config: Record<string, string> = {}): Promise<Resource[]> {
  const { resources } = await declareStack({ config });
  return resources.map(({ type, name, inputs }) => ({ type, name, props: inputs }));
}

describe("the stack that index.ts declares", () => {
  let resources: Resource[];
  before(async () => {
    resources = await declared();
  });

  it("follows every rule in one project", async () => {
    expect(await violations(resources)).to.deep.equal([]);
  });

  it("follows every rule in two projects and another location, with alerts and a secret", async () => {
    const elsewhere = await declared({
      "gcp-data-demos:merchantProject": "merchant-project",
      "gcp-data-demos:walletProject": "wallet-project",
      "gcp-data-demos:location": "EU",
      "gcp-data-demos:region": "europe-west1",
      "gcp-data-demos:thelookSource": "synthetic:",
      "gcp-data-demos:alertEmails": "ann@example.com",
      "gcp-data-demos:billingAccount": "012345-6789AB-CDEF01",
      "gcp-data-demos:hashKeySecret": "pepper",
    });
    expect(elsewhere.map(({ type }) => type)).to.include("gcp:monitoring/alertPolicy:AlertPolicy");
    expect(await violations(elsewhere)).to.deep.equal([]);
  });

  it("has resources for every kind of rule", () => {
    expect(resources.map(({ type }) => type)).to.include.members([
      "gcp:storage/bucket:Bucket",
      "gcp:bigquery/dataset:Dataset",
      "gcp:bigquery/table:Table",
      "gcp:cloudrunv2/job:Job",
      "gcp:cloudfunctionsv2/function:Function",
      "gcp:projects/iAMMember:IAMMember",
      "gcp:bigqueryanalyticshub/listing:Listing",
      "pulumi-nodejs:dynamic/bigquery-clean-room:PrivacyView",
    ]);
  });
});
