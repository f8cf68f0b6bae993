import * as pulumi from "@pulumi/pulumi";
import { JobRun } from "bigquery-clean-room";
import type { Party } from "../../cleanroom/party.ts";
import { HASH_KEY } from "../../generator/keyed-hash.ts";
import { allTables } from "../../generator/tables/index.ts";
import { SYNTHETIC_FOLDER } from "../../generator/thelook/synthetic-values.ts";
import { checkedStart } from "../checked-start.ts";
import { Dataset } from "../google/dataset.ts";
import { Identity } from "../google/identity.ts";
import { fingerprintOf, Job, longestRun, type Sizing } from "../google/job.ts";
import { childOf, type Place } from "../google/place.ts";
import { accounts, datasets, jobs } from "../names.ts";
import type { UploadedCode } from "../uploaded-code.ts";

/** How the two parties' tables are filled, from the settings. */
export interface FillSettings {
  /** Where thelook comes from: its public dataset, or `synthetic:`. */
  readonly thelookSource: string;
  /** Seed of every random draw: the same seed gives the same rows. */
  readonly seed: number;
  /** Size of the coffee shops. Below 1 it also shrinks the synthetic thelook, which is never larger than the public one. */
  readonly scale: number;
  /** Share of the merchant's adult customers who have a wallet, above 0 and up to 1. */
  readonly walletShare: number;
  /** USD that a user pays with a wallet before it is Premium. */
  readonly premiumFrom: number;
  /** USD that a user pays with a wallet before it is Business. */
  readonly businessFrom: number;
  /** Share of the payments that disagree with their order, from 0 to 1. */
  readonly discrepancyShare: number;
  /** The name of the secret in Secret Manager with the key of the hashed addresses; empty for plain SHA-256. */
  readonly hashKeySecret: string;
}

export interface PartiesArgs {
  /** Project, location, region and labels. The job that fills the tables runs in this project. */
  readonly place: Place;
  /** The project of the merchant's dataset. */
  readonly merchantProject: string;
  /** The project of the e-wallet's dataset. */
  readonly walletProject: string;
  /** The uploaded code. */
  readonly code: UploadedCode;
  /** The bucket of files, for the synthetic thelook. */
  readonly files: pulumi.Input<string>;
  /** An image with Node. */
  readonly image: string;
  /** How the tables are filled. */
  readonly fill: FillSettings;
  /** Memory, retries and time limit of the job. */
  readonly sizing: Sizing;
}

/** The two parties of the clean room, the merchant and the e-wallet: their datasets, and the job that fills them from a snapshot of thelook. */
export class Parties extends pulumi.ComponentResource {
  /** Each party's own tables. */
  readonly datasets: Readonly<Record<Party, Dataset>>;
  /** The account that fills them, with its grants on them. */
  readonly filler: pulumi.Resource;
  /** The execution that filled them. */
  readonly filled: pulumi.Output<string>;

  constructor(name: string, args: PartiesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:cleanroom:Parties", name, {}, opts);
    const { place, merchantProject, walletProject, code, files, sizing, fill } = args;
    const child = childOf(this, opts);
    const datasetOf = (party: Party, project: string, description: string) => {
      const tables = allTables.filter(({ dataset }) => dataset === datasets[party]);
      const at = { ...place, project };
      return new Dataset(`${name}-${party}`, { place: at, dataset: datasets[party], description, tables }, child);
    };
    const merchant = datasetOf("merchant", merchantProject, "The merchant: a snapshot of thelook_ecommerce");
    const wallet = datasetOf(
      "wallet",
      walletProject,
      "The e-wallet: its users and the payments they made at the merchant",
    );

    this.datasets = { merchant, wallet };
    const synthetic = fill.thelookSource === "synthetic:";
    const { hashKeySecret: secret } = fill;
    const identity = new Identity(
      `${name}-fill`,
      {
        accountId: accounts.fill,
        displayName: "Fills the merchant and the e-wallet",
        project: place.project,
        grants: {
          queries: { on: "project", project: merchantProject, role: "roles/bigquery.jobUser" },
          code: { on: "bucket", bucket: code.bucket, role: "roles/storage.objectViewer" },
          // The synthetic thelook is written there before it is loaded.
          ...(synthetic && {
            files: { on: "bucket", bucket: files, role: "roles/storage.objectUser", folder: SYNTHETIC_FOLDER },
          }),
          merchant: { on: "dataset", project: merchantProject, dataset: merchant.datasetId, role: "WRITER" },
          wallet: { on: "dataset", project: walletProject, dataset: wallet.datasetId, role: "WRITER" },
          ...(secret && {
            key: { on: "secret", project: place.project, secret, role: "roles/secretmanager.secretAccessor" },
          }),
        },
      },
      child,
    );

    this.filler = identity;
    const elsewhere = walletProject === merchantProject ? "" : `&datasets=${datasets.wallet}:${walletProject}`;
    const job = new Job(
      `${name}-fill`,
      {
        place,
        jobName: jobs.fill,
        identity,
        bucket: code.bucket,
        image: args.image,
        ...checkedStart(code, "fill"),
        env: {
          WAREHOUSE_URL: `bigquery://${merchantProject}?location=${place.location}${elsewhere}`,
          THELOOK_SOURCE: fill.thelookSource,
          ...(synthetic && { LAKE_URL: pulumi.interpolate`gs://${files}` }),
          SEED: String(fill.seed),
          SCALE: String(Math.min(1, fill.scale)),
          WALLET_SHARE: String(fill.walletShare),
          PREMIUM_FROM: String(fill.premiumFrom),
          BUSINESS_FROM: String(fill.businessFrom),
          DISCREPANCY_SHARE: String(fill.discrepancyShare),
        },
        ...(secret && { secrets: { [HASH_KEY]: secret } }),
        sizing,
      },
      // Cloud Run checks that the account may read the secret when it creates the job.
      secret ? childOf(this, opts, [identity]) : child,
    );
    const run = new JobRun(
      `${name}-filled`,
      {
        job: job.fullName,
        fingerprint: fingerprintOf(job.fingerprint, merchant.made, wallet.made),
        timeoutSeconds: longestRun(sizing),
      },
      childOf(this, opts, [identity, code, merchant, wallet, job]),
    );
    this.filled = run.execution;
    this.registerOutputs({ filled: this.filled });
  }
}
