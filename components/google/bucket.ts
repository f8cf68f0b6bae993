import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { childOf, type Place } from "./place.ts";

export interface BucketArgs {
  /** Project, location and labels of the bucket. */
  readonly place: Place;
  /** The bucket's name. No two buckets in the world share one. */
  readonly bucketName: string;
  /** Deletes the objects whose names begin with one of the prefixes some days after they were written. @default every object stays */
  readonly expiry?: { readonly prefixes: readonly string[]; readonly days: number };
}

/** A private bucket. `pulumi destroy` deletes it with everything in it. */
export class Bucket extends pulumi.ComponentResource {
  /** The bucket's name. */
  readonly bucket: pulumi.Output<string>;
  /** The bucket's address, `gs://…`. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: BucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:google:Bucket", name, {}, opts);
    const { place, bucketName, expiry } = args;
    const { project, location, labels } = place;
    const bucket = new gcp.storage.Bucket(
      `${name}-bucket`,
      {
        project,
        name: bucketName,
        location,
        labels,
        uniformBucketLevelAccess: true,
        publicAccessPrevention: "enforced",
        forceDestroy: true,
        // No soft delete: the jobs can write every object again, and Google charges for deleted ones.
        softDeletePolicy: { retentionDurationSeconds: 0 },
        ...(expiry && {
          lifecycleRules: [
            { action: { type: "Delete" }, condition: { age: expiry.days, matchesPrefixes: [...expiry.prefixes] } },
          ],
        }),
      },
      childOf(this, opts),
    );
    this.bucket = bucket.name;
    this.url = pulumi.interpolate`gs://${bucket.name}`;
    this.registerOutputs({ bucket: this.bucket, url: this.url });
  }
}
