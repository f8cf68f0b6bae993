import { expect } from "chai";
import { storage } from "../src/google.ts";
import { Grants } from "../src/grants.ts";
import type { Declared } from "../src/index.ts";

describe("Grants on a bucket", () => {
  const account = "reader@project.iam.gserviceaccount.com";
  const granted = (on: string, role: string) => {
    const grants = new Grants(storage.kinds ?? {});
    grants.add({} as Declared, on, role, `serviceAccount:${account}`);
    return grants;
  };

  it("on one folder allow reading there, but no list of the bucket, which Cloud Storage wants before it says that an object is missing", () => {
    const grants = granted("bucket/lake/csv", "roles/storage.objectViewer");
    expect(grants.missing(account, "bucket/lake/csv", "read")).to.equal(undefined);
    expect(grants.missing(account, "bucket/lake/other", "read")?.role).to.equal("roles/storage.objectViewer");
    expect(grants.missing(account, "bucket/lake", "list")?.role).to.equal("roles/storage.legacyBucketReader");
  });

  it("on the whole bucket allow its list, by every role that reads objects and by one that does not", () => {
    for (const role of ["objectViewer", "objectUser", "legacyBucketReader"])
      expect(granted("bucket/lake", `roles/storage.${role}`).missing(account, "bucket/lake", "list")).to.equal(
        undefined,
      );
    const lists = granted("bucket/lake", "roles/storage.legacyBucketReader");
    expect(lists.missing(account, "bucket/lake/csv", "read")?.role).to.equal("roles/storage.objectViewer");
  });
});
