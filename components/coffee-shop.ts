import * as pulumi from "@pulumi/pulumi";
import { coffeeTables } from "../generator/tables/index.ts";
import { Dataset } from "./dataset.ts";
import { Identity } from "./identity.ts";
import { JobRun } from "./job-run.ts";
import { accounts, CSV_FOLDER, datasets, jobs, MOUNT } from "./names.ts";
import { childOf, type Place } from "./place.ts";
import type { Runtime } from "./runtime.ts";
import { fingerprintOf, longestRun, type Sizing, Task } from "./task.ts";

/** How much the generator makes, from the settings. */
export interface ShopSettings {
  readonly seed: number;
  readonly scale: number;
  /** How many days up to yesterday; 0 for all since the first. */
  readonly days: number;
  /** Into how many tasks the work is split. */
  readonly tasks: number;
}

export interface CoffeeShopArgs {
  readonly place: Place;
  readonly runtime: Runtime;
  /** The image that has Node. */
  readonly image: string;
  readonly shop: ShopSettings;
  readonly sizing: Sizing;
}

/** The coffee shop up to its tables: a job that writes CSV files to the bucket, one that loads them, and a first run of each. */
export class CoffeeShop extends pulumi.ComponentResource {
  /** The dataset's id. */
  readonly dataset: pulumi.Output<string>;
  /** Short name of the job that writes the files. */
  readonly generateJob: pulumi.Output<string>;
  /** Who loads. */
  readonly loader: Identity;
  /** Changes with what the tables were filled from. */
  readonly fingerprint: pulumi.Output<string>;
  /** The first load. */
  readonly loaded: JobRun;

  constructor(name: string, args: CoffeeShopArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:coffee:CoffeeShop", name, {}, opts);
    const { place, runtime, image, shop, sizing } = args;
    const { project } = place;
    const { bucket } = runtime;
    const child = childOf(this, opts);
    const tables = new Dataset(
      `${name}-raw`,
      { place, dataset: datasets.coffee, description: "The coffee shop, as loaded", tables: coffeeTables },
      child,
    );
    const lake = { LAKE_URL: pulumi.interpolate`gs://${bucket}`, GCS_PREFIX: CSV_FOLDER };
    const bundle = pulumi.interpolate`${MOUNT}/${runtime.bundle}`;
    const common = { place, bucket, image, command: "node", sizing };

    const generator = new Identity(
      `${name}-generate`,
      {
        accountId: accounts.generate,
        displayName: "Writes the coffee shop's CSV files",
        project,
        grants: { bucket: { on: "bucket", bucket, role: "roles/storage.objectUser" } },
      },
      child,
    );
    const generate = new Task(
      `${name}-generate`,
      {
        ...common,
        job: jobs.generate,
        identity: generator,
        args: [bundle, "generate"],
        env: {
          ...lake,
          SEED: String(shop.seed),
          SCALE: String(shop.scale),
          ...(shop.days > 0 && { DAYS: String(shop.days) }),
        },
        tasks: shop.tasks,
      },
      child,
    );
    const generated = new JobRun(
      `${name}-generated`,
      { job: generate.job, fingerprint: generate.fingerprint, timeoutSeconds: longestRun(sizing) },
      childOf(this, opts, [generator, runtime, generate]),
    );

    this.loader = new Identity(
      `${name}-load`,
      {
        accountId: accounts.load,
        displayName: "Loads the coffee shop's CSV files",
        project,
        grants: {
          queries: { on: "project", project, role: "roles/bigquery.jobUser" },
          bucket: { on: "bucket", bucket, role: "roles/storage.objectViewer" },
          tables: { on: "dataset", project, dataset: tables.datasetId, role: "WRITER" },
        },
      },
      child,
    );
    const load = new Task(
      `${name}-load`,
      {
        ...common,
        job: jobs.load,
        identity: this.loader,
        args: [bundle, "load"],
        env: { ...lake, WAREHOUSE_URL: `bigquery://${project}?location=${place.location}` },
      },
      child,
    );
    // Loaded anew after every generation, and into tables that were made anew.
    this.fingerprint = fingerprintOf(generate.fingerprint, load.fingerprint, tables.made);
    this.loaded = new JobRun(
      `${name}-loaded`,
      { job: load.job, fingerprint: this.fingerprint, timeoutSeconds: longestRun(sizing) },
      childOf(this, opts, [this.loader, runtime, tables, load, generated]),
    );

    this.dataset = tables.datasetId;
    this.generateJob = generate.jobName;
    const { dataset, generateJob, loader, fingerprint, loaded } = this;
    this.registerOutputs({ dataset, generateJob, loader, fingerprint, loaded });
  }
}
