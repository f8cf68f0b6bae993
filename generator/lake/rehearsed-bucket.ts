import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { tellTouched } from "pulumi-rehearsal/touched";
import { UserError } from "../errors.ts";
import { openFolder } from "./folder.ts";
import { openBucket } from "./gcs.ts";
import type { Lake } from "./lake.ts";

/** The folder of a rehearsal's buckets, or of one bucket. */
export function bucketFolder(rehearsal: string, bucket = ""): string {
  return join(rehearsal, "bucket", bucket);
}

/**
 * Opens the folder that stands in for `gs://bucket/prefix` in a rehearsal. Throws UserError for a bucket that was not declared, and
 * for a URL that Cloud Storage would refuse.
 */
export async function openRehearsedBucket(rehearsal: string, url: string): Promise<Lake> {
  const { bucket, prefix } = openBucket(url);
  const folder = bucketFolder(rehearsal, bucket.name);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new UserError(`the bucket gs://${bucket.name} does not exist: ${folder} is not a folder`);
  const lake = openFolder(pathToFileURL(join(folder, prefix)).href);
  // A grant may cover a folder only.
  const tell = (path: string, access: "read" | "write") => {
    const [top, ...below] = `${prefix}${path}`.split("/");
    tellTouched(`bucket/${bucket.name}${below.length > 0 ? `/${top}` : ""}`, access);
  };
  // Cloud Storage says that an object is missing only to an account that may list the bucket, and answers 403 to others.
  const tellLook = (path: string) => {
    tell(path, "read");
    tellTouched(`bucket/${bucket.name}`, "list");
  };

  return {
    ...lake,
    create(path) {
      tell(path, "write");
      return lake.create(path);
    },
    writeText(path, text) {
      tell(path, "write");
      return lake.writeText(path, text);
    },
    writeOnce(path, text) {
      tell(path, "write");
      tell(path, "read");
      return lake.writeOnce(path, text);
    },
    readText(path) {
      tellLook(path);
      return lake.readText(path);
    },
    stat(path) {
      tellLook(path);
      return lake.stat(path);
    },
    list(folder) {
      tellTouched(`bucket/${bucket.name}`, "list");
      return lake.list(folder);
    },
  };
}
