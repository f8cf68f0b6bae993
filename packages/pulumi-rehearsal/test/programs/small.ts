import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";

/* A program with each form of input: plain values, outputs, secrets, assets and archives. */

class Group extends pulumi.ComponentResource {
  constructor(name: string, bucket: gcp.storage.Bucket) {
    super("test:Group", name);
    new gcp.storage.BucketObject(
      `${name}-text`,
      { bucket: bucket.name, name: "a.txt", content: "text" },
      { parent: this },
    );
    this.registerOutputs();
  }
}

const bucket = new gcp.storage.Bucket("bucket", { name: "some-bucket", location: "US" });
const account = new gcp.serviceaccount.Account("account", { accountId: "somebody" });
const group = new Group("group", bucket);
new gcp.storage.BucketObject("archive", {
  bucket: bucket.name,
  name: "a.zip",
  source: new pulumi.asset.AssetArchive({
    "index.mjs": new pulumi.asset.FileAsset("package.json"),
    "folder/b.txt": new pulumi.asset.StringAsset("text"),
  }),
});
const fn = new gcp.cloudfunctionsv2.Function("fn", {
  name: "some-function",
  location: "us-central1",
  serviceConfig: { serviceAccountEmail: account.email },
});
const uri = fn.serviceConfig.apply((config) => config?.uri ?? "");
new gcp.cloudscheduler.Job("schedule", { httpTarget: { uri } }, { dependsOn: group });
new gcp.projects.IAMMember("secret", {
  project: "demo-project",
  role: "roles/viewer",
  member: pulumi.secret(account.member),
});
export const setting = new pulumi.Config().require("greeting");
