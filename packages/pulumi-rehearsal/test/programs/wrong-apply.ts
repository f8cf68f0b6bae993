import * as gcp from "@pulumi/gcp";

const bucket = new gcp.storage.Bucket("bucket", { name: "some-bucket", location: "US" });
bucket.url.apply((url) => {
  throw new Error(`${url} is odd`);
});
