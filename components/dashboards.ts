import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { Identity } from "./identity.ts";
import { JobRun } from "./job-run.ts";
import type { Marts } from "./marts.ts";
import { accounts, jobs, MOUNT } from "./names.ts";
import { childOf, type Place } from "./place.ts";
import type { Runtime } from "./runtime.ts";
import { fingerprintOf, longestRun, type Sizing, Task } from "./task.ts";

export interface DashboardsArgs {
  readonly place: Place;
  readonly runtime: Runtime;
  /** What the reports are made of. */
  readonly marts: Marts;
  /** The name of the reports' bucket, unique in the world. */
  readonly bucketName: string;
  /** Who may read the reports, as IAM names them, with commas between: `user:…,group:…`; empty for nobody. */
  readonly readers: string;
  /** The image that has Node. */
  readonly image: string;
  readonly sizing: Sizing;
}

/**
 * The reports: a job that makes an HTML file of each from the marts, and its first run. They have a bucket of their own, so that who
 * reads them sees nothing else, and what writes them can change nothing else.
 */
export class Dashboards extends pulumi.ComponentResource {
  /** The reports' bucket. */
  readonly bucket: pulumi.Output<string>;
  /** Short name of the job. */
  readonly jobName: pulumi.Output<string>;
  /** The execution that wrote them first. */
  readonly written: pulumi.Output<string>;

  constructor(name: string, args: DashboardsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:coffee:Dashboards", name, {}, opts);
    const { place, runtime, marts, readers, image, sizing } = args;
    const { project, location, labels } = place;
    const child = childOf(this, opts);
    const { name: bucket } = new gcp.storage.Bucket(
      `${name}-bucket`,
      {
        project,
        name: args.bucketName,
        location,
        labels,
        uniformBucketLevelAccess: true,
        publicAccessPrevention: "enforced",
        forceDestroy: true,
        // Off: every report can be made again, and deleted ones would be paid for.
        softDeletePolicy: { retentionDurationSeconds: 0 },
      },
      child,
    );
    for (const member of readers.split(",").filter(Boolean))
      new gcp.storage.BucketIAMMember(
        `${name}-reader-${member}`,
        { bucket, role: "roles/storage.objectViewer", member },
        child,
      );

    const identity = new Identity(
      `${name}-report`,
      {
        accountId: accounts.report,
        displayName: "Writes the coffee shop's reports",
        project,
        grants: {
          queries: { on: "project", project, role: "roles/bigquery.jobUser" },
          marts: { on: "dataset", project, dataset: marts.dataset, role: "READER" },
          code: { on: "bucket", bucket: runtime.bucket, role: "roles/storage.objectViewer" },
          reports: { on: "bucket", bucket, role: "roles/storage.objectUser" },
        },
      },
      child,
    );
    const task = new Task(
      `${name}-report`,
      {
        place,
        job: jobs.report,
        identity,
        bucket: runtime.bucket,
        image,
        command: "node",
        args: [pulumi.interpolate`${MOUNT}/${runtime.bundle}`, "report"],
        env: {
          WAREHOUSE_URL: `bigquery://${project}?location=${location}`,
          REPORT_PAGES: pulumi.interpolate`${MOUNT}/${runtime.pagesFolder}`,
          REPORT_URL: pulumi.interpolate`gs://${bucket}`,
        },
        sizing,
      },
      child,
    );
    const fingerprint = fingerprintOf(task.fingerprint, marts.fingerprint);
    const written = new JobRun(
      `${name}-written`,
      { job: task.job, fingerprint, timeoutSeconds: longestRun(sizing) },
      childOf(this, opts, [identity, runtime, task, marts.built]),
    );
    this.bucket = bucket;
    this.jobName = task.jobName;
    this.written = written.execution;
    this.registerOutputs({ bucket: this.bucket, jobName: this.jobName, written: this.written });
  }
}
