import { createHash } from "node:crypto";
import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { Pages } from "../report/build.ts";
import type { Bundle } from "./bundle.ts";
import type { DbtProject } from "./dbt-project.ts";
import { bundleObject, dbtFolder, functionsObject, pagesFolder } from "./names.ts";
import { childOf } from "./place.ts";

export interface RuntimeArgs {
  /** The bucket to upload to. */
  readonly bucket: pulumi.Input<string>;
  /** The code, as one file. */
  readonly bundle: Bundle;
  /** The dbt project. */
  readonly dbt: DbtProject;
  /** The reports' pages without their data. */
  readonly pages: Pages;
}

/**
 * All code that runs in the cloud, uploaded. Objects carry the hash of their content in both their names, in the bucket and in Pulumi:
 * changed code is a new object beside the old one, which goes when nothing mounts it any more.
 */
export class Runtime extends pulumi.ComponentResource {
  /** The bucket that has the code. */
  readonly bucket: pulumi.Output<string>;
  /** Object of the bundle. */
  readonly bundle: pulumi.Output<string>;
  /** Object of the bundle as Cloud Functions takes it. */
  readonly functions: pulumi.Output<string>;
  /** Folder of the dbt project in the bucket. */
  readonly dbtFolder: pulumi.Output<string>;
  /** Folder of the reports' pages in the bucket. */
  readonly pagesFolder: pulumi.Output<string>;

  constructor(name: string, args: RuntimeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:runtime:Runtime", name, {}, opts);
    const { bucket, bundle, dbt, pages } = args;
    const upload = (what: string, object: string, source: pulumi.asset.Asset | pulumi.asset.Archive) =>
      new gcp.storage.BucketObject(`${name}-${what}`, { bucket, name: object, source }, childOf(this, opts)).name;

    const file = new pulumi.asset.FileAsset(bundle.path);
    const zip = { "index.mjs": file, "package.json": new pulumi.asset.StringAsset(functionsPackage) };
    const zipHash = createHash("sha256").update(bundle.hash).update(functionsPackage).digest("hex").slice(0, 8);
    const uploadFolder = (what: string, folder: string, files: Readonly<Record<string, string>>) => {
      const names = Object.entries(files).map(([path, source]) =>
        upload(`${what}/${path}`, `${folder}/${path}`, new pulumi.asset.FileAsset(source)),
      );
      return pulumi.all(names).apply(() => folder);
    };

    this.bucket = pulumi.output(bucket);
    this.bundle = upload(`bundle-${bundle.hash}`, bundleObject(bundle.hash), file);
    this.functions = upload(`functions-${zipHash}`, functionsObject(zipHash), new pulumi.asset.AssetArchive(zip));
    this.dbtFolder = uploadFolder(`dbt-${dbt.hash}`, dbtFolder(dbt.hash), dbt.files);
    this.pagesFolder = uploadFolder(`pages-${pages.hash}`, pagesFolder(pages.hash), pages.files);
    this.registerOutputs({
      bucket: this.bucket,
      bundle: this.bundle,
      functions: this.functions,
      dbtFolder: this.dbtFolder,
      pagesFolder: this.pagesFolder,
    });
  }
}

/** The package of the functions. Everything is in the bundle but what listens to HTTP, which Google's build installs. */
const functionsPackage = JSON.stringify({
  name: "coffee-functions",
  private: true,
  type: "module",
  main: "index.mjs",
  dependencies: { "@google-cloud/functions-framework": "^5.0.5" },
});
