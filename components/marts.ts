import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { CoffeeShop } from "./coffee-shop.ts";
import { Dataset } from "./dataset.ts";
import { Identity } from "./identity.ts";
import { JobRun } from "./job-run.ts";
import { accounts, DBT_ARTIFACTS, datasets, jobs, MOUNT, repositories } from "./names.ts";
import { childOf, type Place, remadeAfterFailure } from "./place.ts";
import type { Runtime } from "./runtime.ts";
import { fingerprintOf, longestRun, type Sizing, Task } from "./task.ts";

export interface MartsArgs {
  readonly place: Place;
  readonly runtime: Runtime;
  /** The tables that the marts are made of. */
  readonly shop: CoffeeShop;
  /** The image that has dbt, as ghcr.io calls it: name and tag. */
  readonly image: { readonly name: string; readonly tag: string };
  readonly sizing: Sizing;
}

/** The coffee shop's marts: a job that builds and tests them with dbt, and its first run. dbt makes the tables in the dataset. */
export class Marts extends pulumi.ComponentResource {
  /** Short name of the job. */
  readonly jobName: pulumi.Output<string>;
  /** The dataset's id. */
  readonly dataset: pulumi.Output<string>;
  /** Changes with what they were built from. */
  readonly fingerprint: pulumi.Output<string>;
  /** The first build. */
  readonly built: JobRun;

  constructor(name: string, args: MartsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:coffee:Marts", name, {}, opts);
    const { place, runtime, shop, image, sizing } = args;
    const { project, region, location, labels } = place;
    const { bucket } = runtime;
    const child = childOf(this, opts);
    const marts = new Dataset(
      `${name}-marts`,
      { place, dataset: datasets.marts, description: "The coffee shop, modelled by dbt for reports" },
      child,
    );
    // Cloud Run runs images of Docker Hub and of Google's registries; this one brings those of ghcr.io.
    const ghcr = new gcp.artifactregistry.Repository(
      `${name}-ghcr`,
      {
        project,
        location: region,
        repositoryId: repositories.ghcr,
        description: "Images of ghcr.io, fetched when they are asked for",
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
          bucket: { on: "bucket", bucket, role: "roles/storage.objectUser" },
          sources: { on: "dataset", project, dataset: shop.dataset, role: "READER" },
          marts: { on: "dataset", project, dataset: marts.datasetId, role: "WRITER" },
        },
      },
      child,
    );
    const folder = pulumi.interpolate`${MOUNT}/${runtime.dbtFolder}`;
    const where = ["--project-dir", folder, "--profiles-dir", folder, "--target", "bigquery"];
    const task = new Task(
      `${name}-dbt`,
      {
        place,
        job: jobs.dbt,
        identity,
        bucket,
        writable: true,
        image: pulumi.interpolate`${region}-docker.pkg.dev/${project}/${ghcr.repositoryId}/${image.name}:${image.tag}`,
        args: ["build", ...where],
        env: {
          DBT_BIGQUERY_PROJECT: project,
          DBT_BIGQUERY_LOCATION: location,
          DBT_TARGET_PATH: `${MOUNT}/${DBT_ARTIFACTS.build}`,
          DBT_LOG_PATH: "/tmp",
        },
        sizing,
      },
      child,
    );
    this.fingerprint = fingerprintOf(task.fingerprint, shop.fingerprint, marts.made);
    const timeoutSeconds = longestRun(sizing);
    this.built = new JobRun(
      `${name}-built`,
      { job: task.job, fingerprint: this.fingerprint, timeoutSeconds },
      childOf(this, opts, [identity, runtime, marts, task, shop.loaded]),
    );
    // One page with every model and column, in a folder of its own: it would replace the results of the build.
    new JobRun(
      `${name}-documented`,
      {
        job: task.job,
        fingerprint: this.fingerprint,
        args: ["docs", "generate", "--static", ...where],
        env: { DBT_TARGET_PATH: `${MOUNT}/${DBT_ARTIFACTS.docs}` },
        timeoutSeconds,
      },
      childOf(this, opts, [this.built]),
    );
    this.jobName = task.jobName;
    this.dataset = marts.datasetId;
    const { jobName, dataset, fingerprint, built } = this;
    this.registerOutputs({ jobName, dataset, fingerprint, built });
  }
}
