import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { CSV_FOLDER } from "./names.ts";
import { childOf, type Place } from "./place.ts";

/** Runs of the generator that the manifest no longer names go after so many days. A daily run replaces its files long before. */
const RUN_DAYS = 30;

export interface LakeArgs {
  readonly place: Place;
  /** The bucket's name, unique in the world. */
  readonly bucketName: string;
}

/** The bucket of everything that is a file: the runtime, the coffee shop's CSV files, the dbt project and what it reports. */
export class Lake extends pulumi.ComponentResource {
  /** The bucket's name. */
  readonly bucket: pulumi.Output<string>;
  /** `gs://…`. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: LakeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:lake:Lake", name, {}, opts);
    const { project, location, labels } = args.place;
    const bucket = new gcp.storage.Bucket(
      `${name}-bucket`,
      {
        project,
        name: args.bucketName,
        location,
        labels,
        uniformBucketLevelAccess: true,
        publicAccessPrevention: "enforced",
        forceDestroy: true,
        // Off: every object can be made again, and deleted ones would be paid for.
        softDeletePolicy: { retentionDurationSeconds: 0 },
        lifecycleRules: [
          { action: { type: "Delete" }, condition: { age: RUN_DAYS, matchesPrefixes: [`${CSV_FOLDER}/`] } },
        ],
      },
      childOf(this, opts),
    );
    this.bucket = bucket.name;
    this.url = pulumi.interpolate`gs://${bucket.name}`;
    this.registerOutputs({ bucket: this.bucket, url: this.url });
  }
}
