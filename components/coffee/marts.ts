import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { JobRun } from "bigquery-clean-room";
import { checkedDbt } from "../checked-start.ts";
import { Bucket } from "../google/bucket.ts";
import { Dataset } from "../google/dataset.ts";
import { Identity } from "../google/identity.ts";
import { fingerprintOf, Job, longestRun, type Sizing } from "../google/job.ts";
import { childOf, type Place, remadeAfterFailure } from "../google/place.ts";
import { accounts, DBT_ARTIFACTS, datasets, jobs, MOUNT, OUTPUT_MOUNT, repositories } from "../names.ts";
import type { UploadedCode } from "../uploaded-code.ts";
import type { CoffeeShop } from "./coffee-shop.ts";

export interface MartsArgs {
  /** Project, location, region and labels. */
  readonly place: Place;
  /** The uploaded code, with the dbt project. */
  readonly code: UploadedCode;
  /** The coffee shop, with the tables that dbt reads. */
  readonly shop: CoffeeShop;
  /** The image with dbt, by its name and its tag or digest on ghcr.io. */
  readonly image: { readonly name: string; readonly tag: string };
  /** The name of the bucket for dbt's output. No two buckets in the world share one. */
  readonly bucketName: string;
  /** Memory, retries and time limit of the job. */
  readonly sizing: Sizing;
}

/**
 * The coffee shop's marts: a job that builds and tests them with dbt, and its first run. dbt creates the tables of both datasets: those that
 * it builds, and those that it publishes after all tests have passed.
 */
export class Marts extends pulumi.ComponentResource {
  /** Short name of the job. */
  readonly jobName: pulumi.Output<string>;
  /** The id of the published marts' dataset. */
  readonly dataset: pulumi.Output<string>;
  /** Changes when the dbt project, its settings or the tables that it reads change. */
  readonly fingerprint: pulumi.Output<string>;
  /** The first build. */
  readonly built: JobRun;

  constructor(name: string, args: MartsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:coffee:Marts", name, {}, opts);
    const { place, code, shop, image, bucketName, sizing } = args;
    const { project, region, location, labels } = place;
    const { bucket } = code;
    const child = childOf(this, opts);
    const marts = new Dataset(
      name,
      { place, dataset: datasets.marts, description: "The coffee shop, modelled by dbt for reports" },
      child,
    );
    // Named by transform/macros/publish.sql.
    const build = new Dataset(
      `${name}-build`,
      {
        place,
        dataset: datasets.martsBuild,
        description: "The marts while dbt builds and tests them: read coffee_marts",
      },
      child,
    );
    const output = new Bucket(name, { place, bucketName }, child);
    // Sources disagree whether Cloud Run pulls images from ghcr.io itself, so this repository fetches them.
    const ghcr = new gcp.artifactregistry.Repository(
      `${name}-ghcr`,
      {
        project,
        location: region,
        repositoryId: repositories.ghcr,
        description: "Images from ghcr.io, fetched on demand",
        labels,
        format: "DOCKER",
        mode: "REMOTE_REPOSITORY",
        remoteRepositoryConfig: { commonRepository: { uri: "https://ghcr.io" } },
      },
      { ...child, ...remadeAfterFailure },
    );
    const identity = new Identity(
      `${name}-dbt`,
      {
        accountId: accounts.dbt,
        displayName: "Builds the coffee shop's marts with dbt",
        project,
        grants: {
          queries: { on: "project", project, role: "roles/bigquery.jobUser" },
          code: { on: "bucket", bucket, role: "roles/storage.objectViewer" },
          output: { on: "bucket", bucket: output.bucket, role: "roles/storage.objectUser" },
          sources: { on: "dataset", project, dataset: shop.dataset, role: "READER" },
          marts: { on: "dataset", project, dataset: marts.datasetId, role: "WRITER" },
          build: { on: "dataset", project, dataset: build.datasetId, role: "WRITER" },
        },
      },
      child,
    );
    const folder = pulumi.interpolate`${MOUNT}/${code.dbtFolder}`;
    // npm run pin sets a digest as the tag.
    const mark = image.tag.startsWith("sha256:") ? "@" : ":";
    const where = ["--project-dir", folder, "--profiles-dir", folder, "--target", "bigquery"];
    // Leave out dbt's unit tests: they check the SQL on fixed rows, whatever the data. `npm test` runs them.
    const buildMarts = ["build", "--exclude-resource-type", "unit_test", ...where];
    const job = new Job(
      `${name}-dbt`,
      {
        place,
        jobName: jobs.dbt,
        identity,
        bucket,
        output: output.bucket,
        image: pulumi.interpolate`${region}-docker.pkg.dev/${project}/${ghcr.repositoryId}/${image.name}${mark}${image.tag}`,
        ...checkedDbt(code),
        args: buildMarts,
        env: {
          DBT_BIGQUERY_PROJECT: project,
          DBT_BIGQUERY_LOCATION: location,
          DBT_TARGET_PATH: `${OUTPUT_MOUNT}/${DBT_ARTIFACTS.build}`,
          DBT_LOG_PATH: "/tmp",
        },
        sizing,
      },
      // Cloud Run reads the image when it creates the job, with an account of its own. In a new project that account gets its rights some minutes
      // after the API is enabled. So create the job after the first load, for which dbt waits anyway.
      childOf(this, opts, [shop.loaded]),
    );
    this.fingerprint = fingerprintOf(job.fingerprint, shop.fingerprint, marts.made, build.made);
    const timeoutSeconds = longestRun(sizing);
    this.built = new JobRun(
      `${name}-built`,
      {
        job: job.fullName,
        fingerprint: this.fingerprint,
        // The code or the settings changed, so every row is built again.
        args: [...buildMarts, "--full-refresh"],
        timeoutSeconds,
      },
      childOf(this, opts, [identity, code, marts, build, job, shop.loaded]),
    );
    // Writes one page about every model and column. In the build's folder it would overwrite the build's results.
    new JobRun(
      `${name}-documented`,
      {
        job: job.fullName,
        fingerprint: fingerprintOf(this.fingerprint, code.fingerprints.documentation),
        args: ["docs", "generate", "--static", ...where],
        env: { DBT_TARGET_PATH: `${OUTPUT_MOUNT}/${DBT_ARTIFACTS.docs}` },
        timeoutSeconds,
      },
      childOf(this, opts, [this.built]),
    );
    this.jobName = job.jobName;
    this.dataset = marts.datasetId;
    const { jobName, dataset, fingerprint, built } = this;
    this.registerOutputs({ jobName, dataset, fingerprint, built });
  }
}
