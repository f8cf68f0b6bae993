import { createHash } from "node:crypto";
import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { Bundle } from "./bundle.ts";
import type { DbtProject } from "./dbt-project.ts";
import { childOf } from "./google/place.ts";
import { bundleObject, dbtFolder, functionsObject, pagesFolder } from "./names.ts";

export interface UploadedCodeArgs {
  /** The bucket to upload to. */
  readonly bucket: pulumi.Input<string>;
  /** Everything that Node runs, as one file. */
  readonly bundle: Bundle;
  /** The files of the dbt project. */
  readonly dbt: DbtProject;
  /** The reports' pages without their data: their paths on this machine, by file name, and the hash of them all. */
  readonly pages: { readonly files: Readonly<Record<string, string>>; readonly hash: string };
}

/**
 * All code that runs in the cloud, as objects of the bucket. Both the object's name and the Pulumi name carry the hash of the content:
 * changed code becomes a new object, and Pulumi deletes the old one when nothing mounts it any more. The dbt project's folder name has the
 * hash of everything that decides its rows.
 */
export class UploadedCode extends pulumi.ComponentResource {
  /** The bucket that holds the code. */
  readonly bucket: pulumi.Output<string>;
  /** The bundle's object. */
  readonly bundle: pulumi.Output<string>;
  /** The bundle's SHA-256. */
  readonly sha256: string;
  /** The object that Cloud Functions builds from, the bundle in a zip; and its generation, so that Google builds no object that took its place. */
  readonly functions: { readonly object: pulumi.Output<string>; readonly generation: pulumi.Output<number> };
  /** The bucket's folder with the dbt project. */
  readonly dbtFolder: pulumi.Output<string>;
  /** The dbt project's SHA-256, which changes with descriptions, too. */
  readonly dbtSha256: string;
  /** The bucket's folder with the reports' pages. */
  readonly pagesFolder: pulumi.Output<string>;
  /** Fingerprints of the bundle's commands, and of the dbt project with its descriptions. */
  readonly fingerprints: UploadedCodeArgs["bundle"]["programs"] & { readonly documentation: string };

  constructor(name: string, args: UploadedCodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:code:UploadedCode", name, {}, opts);
    const { bucket, bundle, dbt, pages } = args;
    const upload = (part: string, object: string, source: pulumi.asset.Asset | pulumi.asset.Archive) =>
      new gcp.storage.BucketObject(`${name}-${part}`, { bucket, name: object, source }, childOf(this, opts));
    const uploadFolder = (part: string, folder: string, files: Readonly<Record<string, string>>) => {
      const names = Object.entries(files).map(
        ([path, source]) => upload(`${part}/${path}`, `${folder}/${path}`, new pulumi.asset.FileAsset(source)).name,
      );
      return pulumi.all(names).apply(() => folder);
    };

    const file = new pulumi.asset.FileAsset(bundle.path);
    const zip = { "index.mjs": file, "package.json": new pulumi.asset.StringAsset(functionsPackage) };
    const zipHash = createHash("sha256").update(bundle.hash).update(functionsPackage).digest("hex").slice(0, 8);

    this.bucket = pulumi.output(bucket);
    this.sha256 = bundle.sha256;
    this.bundle = upload(`bundle-${bundle.hash}`, bundleObject(bundle.hash), file).name;
    const archive = upload(`functions-${zipHash}`, functionsObject(zipHash), new pulumi.asset.AssetArchive(zip));
    this.functions = { object: archive.name, generation: archive.generation };
    // A changed description changes a file in place but not the folder, because the folder's path is an argument of runs.
    this.dbtFolder = uploadFolder(`dbt-${dbt.rows}`, dbtFolder(dbt.rows), dbt.files);
    this.pagesFolder = uploadFolder(`pages-${pages.hash}`, pagesFolder(pages.hash), pages.files);
    this.dbtSha256 = dbt.sha256;
    this.fingerprints = { ...bundle.programs, documentation: dbt.sha256 };
    this.registerOutputs({
      bucket: this.bucket,
      bundle: this.bundle,
      functions: this.functions,
      dbtFolder: this.dbtFolder,
      pagesFolder: this.pagesFolder,
    });
  }
}

/** The functions' `package.json`. The bundle holds everything but the HTTP server, which Google's build installs. */
const functionsPackage = JSON.stringify({
  name: "coffee-functions",
  private: true,
  type: "module",
  main: "index.mjs",
  dependencies: { "@google-cloud/functions-framework": "^5.0.5" },
});
