import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { JobRun } from "bigquery-clean-room";
import { checkedStart } from "../checked-start.ts";
import { Bucket } from "../google/bucket.ts";
import { Identity } from "../google/identity.ts";
import { fingerprintOf, Job, longestRun, type Sizing } from "../google/job.ts";
import { childOf, type Place } from "../google/place.ts";
import { accounts, jobs, MOUNT, NIGHTS } from "../names.ts";
import type { UploadedCode } from "../uploaded-code.ts";
import type { Marts } from "./marts.ts";

export interface ReportsArgs {
  /** Project, location, region and labels. */
  readonly place: Place;
  /** The uploaded code, with the reports' pages. */
  readonly code: UploadedCode;
  /** The marts that the reports read. */
  readonly marts: Marts;
  /** The name of the reports' bucket. No two buckets in the world share one. */
  readonly bucketName: string;
  /** Who may read the reports, as IAM names them, separated by commas: `user:…,group:…`. An empty string adds nobody. */
  readonly readers: string;
  /** An image with Node. */
  readonly image: string;
  /** Memory, retries and time limit of the job. */
  readonly sizing: Sizing;
}

/**
 * The reports: a job that writes one HTML file for each from the marts, and its first run. Their bucket is separate from the files':
 * people who may read the reports see nothing else, and the job that writes them can change nothing else.
 */
export class Reports extends pulumi.ComponentResource {
  /** The reports' bucket. */
  readonly bucket: pulumi.Output<string>;
  /** Short name of the job. */
  readonly jobName: pulumi.Output<string>;
  /** The metric that counts runs whose reports have all data up to the day before. */
  readonly nights: pulumi.Output<string>;
  /** The execution that wrote the reports first. */
  readonly written: pulumi.Output<string>;

  constructor(name: string, args: ReportsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:coffee:Reports", name, {}, opts);
    const { place, code, marts, bucketName, readers, image, sizing } = args;
    const { project, location } = place;
    const child = childOf(this, opts);
    const { bucket } = new Bucket(name, { place, bucketName }, child);
    for (const member of readers.split(",").filter(Boolean))
      new gcp.storage.BucketIAMMember(
        `${name}-reader-${member}`,
        { bucket, role: "roles/storage.objectViewer", member },
        child,
      );

    const identity = new Identity(
      `${name}-write`,
      {
        accountId: accounts.report,
        displayName: "Writes the coffee shop's reports",
        project,
        grants: {
          queries: { on: "project", project, role: "roles/bigquery.jobUser" },
          marts: { on: "dataset", project, dataset: marts.dataset, role: "READER" },
          code: { on: "bucket", bucket: code.bucket, role: "roles/storage.objectViewer" },
          reports: { on: "bucket", bucket, role: "roles/storage.objectUser" },
        },
      },
      child,
    );
    const job = new Job(
      `${name}-write`,
      {
        place,
        jobName: jobs.report,
        identity,
        bucket: code.bucket,
        image,
        ...checkedStart(code, "report"),
        env: {
          WAREHOUSE_URL: `bigquery://${project}?location=${location}`,
          REPORT_PAGES: pulumi.interpolate`${MOUNT}/${code.pagesFolder}`,
          REPORT_URL: pulumi.interpolate`gs://${bucket}`,
        },
        sizing,
      },
      child,
    );
    const nights = new gcp.logging.Metric(
      `${name}-nights`,
      {
        project,
        name: NIGHTS,
        description: "Runs of the reports that have all data up to the day before",
        filter: pulumi.interpolate`resource.type="cloud_run_job" AND resource.labels.job_name="${job.jobName}" AND jsonPayload.current=true`,
        metricDescriptor: { metricKind: "DELTA", valueType: "INT64" },
      },
      child,
    );
    const fingerprint = fingerprintOf(job.fingerprint, marts.fingerprint);
    const written = new JobRun(
      `${name}-written`,
      { job: job.fullName, fingerprint, timeoutSeconds: longestRun(sizing) },
      // Create the metric first, so that it counts the first run and the alert about missing nights works from the start.
      childOf(this, opts, [identity, code, job, marts.built, nights]),
    );
    this.bucket = bucket;
    this.jobName = job.jobName;
    this.nights = nights.name;
    this.written = written.execution;
    const { jobName, written: execution } = this;
    this.registerOutputs({ bucket, jobName, nights: this.nights, written: execution });
  }
}
