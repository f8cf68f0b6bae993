import * as pulumi from "@pulumi/pulumi";
import type { Party } from "../cleanroom/party.ts";
import { allTables } from "../generator/tables/index.ts";
import { Dataset } from "./dataset.ts";
import { Identity } from "./identity.ts";
import { JobRun } from "./job-run.ts";
import { accounts, datasets, jobs, MOUNT } from "./names.ts";
import { childOf, type Place } from "./place.ts";
import type { Runtime } from "./runtime.ts";
import { fingerprintOf, longestRun, type Sizing, Task } from "./task.ts";

/** What the fill makes, from the settings. */
export interface FillSettings {
  /** Where thelook comes from: its public dataset, or `synthetic:`. */
  readonly thelookSource: string;
  readonly seed: number;
  readonly scale: number;
  readonly walletShare: number;
  readonly premiumFrom: number;
  readonly businessFrom: number;
}

export interface MerchantAndWalletArgs {
  readonly place: Place;
  /** The project of the merchant's dataset. */
  readonly merchantProject: string;
  /** The project of the e-wallet's dataset. */
  readonly walletProject: string;
  readonly runtime: Runtime;
  /** The image that has Node. */
  readonly image: string;
  readonly fill: FillSettings;
  readonly sizing: Sizing;
}

/** The two parties of the clean room, the merchant and the e-wallet: their datasets, filled once from a snapshot of thelook. */
export class MerchantAndWallet extends pulumi.ComponentResource {
  /** What each has. */
  readonly datasets: Readonly<Record<Party, Dataset>>;
  /** The execution that filled them. */
  readonly filled: pulumi.Output<string>;

  constructor(name: string, args: MerchantAndWalletArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:cleanroom:MerchantAndWallet", name, {}, opts);
    const { place, merchantProject, walletProject, runtime, sizing, fill } = args;
    const child = childOf(this, opts);
    const party = (what: Party, project: string, description: string) => {
      const tables = allTables.filter(({ dataset }) => dataset === datasets[what]);
      const at = { ...place, project };
      return new Dataset(`${name}-${what}`, { place: at, dataset: datasets[what], description, tables }, child);
    };
    const merchant = party("merchant", merchantProject, "The merchant: a snapshot of thelook_ecommerce");
    const wallet = party("wallet", walletProject, "The e-wallet: its users and the payments they made at the merchant");

    this.datasets = { merchant, wallet };

    // The synthetic thelook is written to the bucket before it is loaded.
    const synthetic = fill.thelookSource === "synthetic:";
    const { bucket } = runtime;
    const identity = new Identity(
      `${name}-fill`,
      {
        accountId: accounts.fill,
        displayName: "Fills the merchant and the e-wallet",
        project: place.project,
        grants: {
          queries: { on: "project", project: merchantProject, role: "roles/bigquery.jobUser" },
          bucket: { on: "bucket", bucket, role: synthetic ? "roles/storage.objectUser" : "roles/storage.objectViewer" },
          merchant: { on: "dataset", project: merchantProject, dataset: merchant.datasetId, role: "WRITER" },
          wallet: { on: "dataset", project: walletProject, dataset: wallet.datasetId, role: "WRITER" },
        },
      },
      child,
    );

    const elsewhere = walletProject === merchantProject ? "" : `&datasets=${datasets.wallet}:${walletProject}`;
    const task = new Task(
      `${name}-fill`,
      {
        place,
        job: jobs.fill,
        identity,
        bucket,
        image: args.image,
        command: "node",
        args: [pulumi.interpolate`${MOUNT}/${runtime.bundle}`, "fill"],
        env: {
          WAREHOUSE_URL: `bigquery://${merchantProject}?location=${place.location}${elsewhere}`,
          THELOOK_SOURCE: fill.thelookSource,
          ...(synthetic && { LAKE_URL: pulumi.interpolate`gs://${bucket}` }),
          SEED: String(fill.seed),
          SCALE: String(fill.scale),
          WALLET_SHARE: String(fill.walletShare),
          PREMIUM_FROM: String(fill.premiumFrom),
          BUSINESS_FROM: String(fill.businessFrom),
        },
        sizing,
      },
      child,
    );
    const run = new JobRun(
      `${name}-filled`,
      {
        job: task.job,
        fingerprint: fingerprintOf(task.fingerprint, merchant.made, wallet.made),
        timeoutSeconds: longestRun(sizing),
      },
      childOf(this, opts, [identity, runtime, merchant, wallet, task]),
    );
    this.filled = run.execution;
    this.registerOutputs({ filled: this.filled });
  }
}
