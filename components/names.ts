import { parties } from "../cleanroom/party.ts";

/*
 * All names on Google Cloud. They have no random suffix, so they are the same in every run, and a project holds one stack at most.
 */

/** Where a job mounts the bucket. */
export const MOUNT = "/mnt/bucket";
/** The bucket's folder for the coffee shop's CSV files. */
export const CSV_FOLDER = "csv_sources";
/** The bucket deletes the generator's runs after so many days. A daily run replaces the files of the last one long before. */
export const CSV_EXPIRY = { folder: CSV_FOLDER, days: 30 } as const;
/** The bucket's folders for dbt's output: the manifest and results of the last build, and the docs. */
export const DBT_ARTIFACTS = { build: "dbt/artifacts/target", docs: "dbt/artifacts/docs" } as const;

export const datasets = {
  merchant: parties.merchant.dataset,
  wallet: parties.wallet.dataset,
  coffee: "coffee_shop",
  marts: "coffee_marts",
} as const;

/** The tables of `coffee_marts` for reports, with the title of a Looker Studio report on each. A test compares them with dbt's models. */
export const marts = {
  flat_order_details: "Coffee shop: sales",
  flat_customer_metrics: "Coffee shop: customers",
  flat_anonymous_metrics: "Coffee shop: anonymous sales",
  flat_orders: "Coffee shop: orders",
  flat_customer_months: "Coffee shop: retention",
  flat_visit_gaps: "Coffee shop: days between visits",
} as const;

export const jobs = {
  fill: "thelook-fill-job",
  generate: "coffee-data-job",
  load: "coffee-load-job",
  dbt: "coffee-dbt-job",
  report: "coffee-report-job",
} as const;

/** In kebab-case: otherwise the Cloud Run service under a function gets another name. */
export const functions = { load: "load-bq-from-csv", trigger: "trigger-job" } as const;

export const schedules = {
  generate: "coffee-job-schedule",
  load: "load-bq-daily",
  dbt: "dbt-daily",
  report: "report-daily",
} as const;

export const accounts = {
  fill: "thelook-fill",
  merchant: "merchant-clean-room",
  wallet: "wallet-clean-room",
  generate: "coffee-data",
  load: "coffee-load",
  dbt: "coffee-dbt",
  report: "coffee-report",
  trigger: "coffee-trigger",
  scheduler: "coffee-scheduler",
  build: "functions-build",
} as const;

/** Repositories of images: one fetches dbt's from ghcr.io, one holds the functions'. */
export const repositories = { ghcr: "coffee-ghcr", functions: "coffee-functions" } as const;

/** The name of the bucket of files and code, if the settings give none. */
export function filesBucketName(project: string): string {
  return `${project}-coffee-demo`;
}

/** The name of the bucket of reports, made from that of files and code. */
export function reportsBucketName(bucket: string): string {
  return `${bucket}-reports`;
}

/** The bundle's object. A change of content changes the name, so that nothing runs outdated code. */
export function bundleObject(hash: string): string {
  return `runtime/main-${hash}.mjs`;
}

/** The object with the functions' zip. */
export function functionsObject(hash: string): string {
  return `runtime/functions-${hash}.zip`;
}

/** The folder with the reports' pages, without their data. */
export function pagesFolder(hash: string): string {
  return `runtime/pages-${hash}`;
}

/** The folder with the dbt project. */
export function dbtFolder(hash: string): string {
  return `dbt/${hash}`;
}
