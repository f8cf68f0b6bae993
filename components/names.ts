import { parties } from "../cleanroom/party.ts";

/*
 * What things are called on Google Cloud, in one place. No random suffixes: a name is the same in every run, and one project holds
 * one stack.
 */

/** Where tasks find the bucket. */
export const MOUNT = "/mnt/bucket";
/** Folder of the coffee shop's CSV files in the bucket. */
export const CSV_FOLDER = "csv_sources";
/** Folders of what dbt writes, in the bucket: manifest and run results of the last build, and the docs. */
export const DBT_ARTIFACTS = { build: "dbt/artifacts/target", docs: "dbt/artifacts/docs" } as const;

export const datasets = {
  merchant: parties.merchant.dataset,
  wallet: parties.wallet.dataset,
  coffee: "coffee_shop",
  marts: "coffee_marts",
} as const;

/** The tables of `coffee_marts` that reports are made of, with what each is for. dbt makes them; a test holds them against its models. */
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

/** In kebab-case, since only then the Cloud Run service under a function has the function's name. */
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

/** Repositories of images: what dbt's comes through, and what the functions are built into. */
export const repositories = { ghcr: "coffee-ghcr", functions: "coffee-functions" } as const;

/** The bucket's name where the settings give none. */
export function bucketName(project: string): string {
  return `${project}-coffee-demo`;
}

/** The name of the bucket that holds the reports alone, beside that of everything else. */
export function reportsBucketName(bucket: string): string {
  return `${bucket}-reports`;
}

/** The object that holds the bundle of that content: another name for every change, so that nothing runs code that was replaced. */
export function bundleObject(hash: string): string {
  return `runtime/main-${hash}.mjs`;
}

export function functionsObject(hash: string): string {
  return `runtime/functions-${hash}.zip`;
}

/** The folder that holds the reports' pages, without their data, of that content. */
export function pagesFolder(hash: string): string {
  return `runtime/pages-${hash}`;
}

/** The folder that holds the dbt project of that content. */
export function dbtFolder(hash: string): string {
  return `dbt/${hash}`;
}
