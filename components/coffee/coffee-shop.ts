import * as pulumi from "@pulumi/pulumi";
import { JobRun } from "bigquery-clean-room";
import { coffeeDataset } from "../../generator/tables/index.ts";
import { checkedStart } from "../checked-start.ts";
import { Dataset } from "../google/dataset.ts";
import { listing } from "../google/grants.ts";
import { Identity } from "../google/identity.ts";
import { fingerprintOf, Job, longestRun, type Sizing } from "../google/job.ts";
import { childOf, type Place } from "../google/place.ts";
import { accounts, CSV_FOLDER, datasets, jobs, TRUTH_FOLDER } from "../names.ts";
import type { UploadedCode } from "../uploaded-code.ts";

/** How much the generator writes, from the settings. */
export interface ShopSettings {
  /** Seed of every random draw: the same seed gives the same rows. */
  readonly seed: number;
  /** Size of the coffee shops: at 10 a shop has about 220 orders a day. */
  readonly scale: number;
  /** How many days up to yesterday; 0 for every day since the first. */
  readonly days: number;
  /** How many tasks the generator's work is split into. */
  readonly tasks: number;
}

export interface CoffeeShopArgs {
  /** Project, location, region and labels. */
  readonly place: Place;
  /** The uploaded code. */
  readonly code: UploadedCode;
  /** The bucket of the CSV files. */
  readonly files: pulumi.Input<string>;
  /** An image with Node. */
  readonly image: string;
  /** How much the generator writes. */
  readonly shop: ShopSettings;
  /** Memory, retries and time limit of the jobs. */
  readonly sizing: Sizing;
}

/** The coffee shop's data: a job that writes CSV files to the bucket, a job that loads them, and the first run of each. */
export class CoffeeShop extends pulumi.ComponentResource {
  /** The dataset's id. */
  readonly dataset: pulumi.Output<string>;
  /** Short name of the job that writes the files. */
  readonly generateJob: pulumi.Output<string>;
  /** The account that loads. */
  readonly loader: Identity;
  /** Changes when the settings or the code that filled the tables change. */
  readonly fingerprint: pulumi.Output<string>;
  /** The first load. */
  readonly loaded: JobRun;

  constructor(name: string, args: CoffeeShopArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:coffee:CoffeeShop", name, {}, opts);
    const { place, code, files, image, shop, sizing } = args;
    const { project } = place;
    const { bucket } = code;
    const child = childOf(this, opts);
    const tables = new Dataset(
      `${name}-raw`,
      { place, dataset: datasets.coffee, description: "The coffee shop, as loaded", tables: coffeeDataset },
      child,
    );
    const lake = { LAKE_URL: pulumi.interpolate`gs://${files}`, GCS_PREFIX: CSV_FOLDER };
    const common = { place, bucket, image, sizing };

    const generator = new Identity(
      `${name}-generate`,
      {
        accountId: accounts.generate,
        displayName: "Writes the coffee shop's CSV files",
        project,
        grants: {
          code: { on: "bucket", bucket, role: "roles/storage.objectViewer" },
          files: { on: "bucket", bucket: files, role: "roles/storage.objectUser", folder: CSV_FOLDER },
          truth: { on: "bucket", bucket: files, role: "roles/storage.objectUser", folder: TRUTH_FOLDER },
          list: listing(files),
        },
      },
      child,
    );
    const generate = new Job(
      `${name}-generate`,
      {
        ...common,
        jobName: jobs.generate,
        identity: generator,
        ...checkedStart(code, "generate"),
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
      { job: generate.fullName, fingerprint: generate.fingerprint, timeoutSeconds: longestRun(sizing) },
      childOf(this, opts, [generator, code, generate]),
    );

    this.loader = new Identity(
      `${name}-load`,
      {
        accountId: accounts.load,
        displayName: "Loads the coffee shop's CSV files",
        project,
        grants: {
          queries: { on: "project", project, role: "roles/bigquery.jobUser" },
          code: { on: "bucket", bucket, role: "roles/storage.objectViewer" },
          // Not the ground truth, which is in the same bucket.
          files: { on: "bucket", bucket: files, role: "roles/storage.objectViewer", folder: CSV_FOLDER },
          list: listing(files),
          tables: { on: "dataset", project, dataset: tables.datasetId, role: "WRITER" },
        },
      },
      child,
    );
    const load = new Job(
      `${name}-load`,
      {
        ...common,
        jobName: jobs.load,
        identity: this.loader,
        // This run follows a change of the settings, which may ask for fewer rows, so it may shrink the tables. The nightly load may not.
        ...checkedStart(code, "load", "--whole", "--allow-shrink"),
        env: { ...lake, WAREHOUSE_URL: `bigquery://${project}?location=${place.location}` },
      },
      child,
    );
    // Loads again after every generation, and into tables that were created again.
    this.fingerprint = fingerprintOf(generate.fingerprint, load.fingerprint, tables.made);
    this.loaded = new JobRun(
      `${name}-loaded`,
      { job: load.fullName, fingerprint: this.fingerprint, timeoutSeconds: longestRun(sizing) },
      childOf(this, opts, [this.loader, code, tables, load, generated]),
    );

    this.dataset = tables.datasetId;
    this.generateJob = generate.jobName;
    const { dataset, generateJob, loader, fingerprint, loaded } = this;
    this.registerOutputs({ dataset, generateJob, loader, fingerprint, loaded });
  }
}
