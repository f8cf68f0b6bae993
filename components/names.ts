import { parties } from "../cleanroom/party.ts";
import { EXECUTIONS } from "../generator/coffee/last-day.ts";
import { customerTruth } from "../generator/tables/coffee.ts";

/*
 * All names on Google Cloud. They have no random suffix, so they are the same in every run, and a project holds one stack at most.
 */

/** Where a job mounts the bucket of code, read-only. */
export const MOUNT = "/mnt/bucket";
/** Where dbt's job mounts the bucket for its output. */
export const OUTPUT_MOUNT = "/mnt/output";
/** The bucket's folder for the coffee shop's CSV files. */
export const CSV_FOLDER = "csv_sources";
/** The bucket's folder for the truth about the customers, which the load must not read. */
export const TRUTH_FOLDER = customerTruth.dataset;
/**
 * The bucket deletes the generator's runs after this many days. Long before, a daily run has replaced the files of the last one. The name of a
 * run's folder begins with its year; the folders of whole months, which runs share, stay.
 */
export const CSV_EXPIRY = { prefixes: [`${CSV_FOLDER}/20`, `${CSV_FOLDER}/${EXECUTIONS}/`], days: 30 } as const;
/** The folders of dbt's bucket: the manifest and results of the last build, and the docs. */
export const DBT_ARTIFACTS = { build: "target", docs: "docs" } as const;

export const datasets = {
  merchant: parties.merchant.dataset,
  wallet: parties.wallet.dataset,
  coffee: "coffee_shop",
  marts: "coffee_marts",
  /** dbt builds and tests the marts here, and then replaces the published ones. */
  martsBuild: "coffee_marts_build",
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

const coffeeJobs = {
  generate: "coffee-data-job",
  load: "coffee-load-job",
  dbt: "coffee-dbt-job",
  report: "coffee-report-job",
} as const;
const cleanRoomJobs = { fill: "thelook-fill-job" } as const;
export const jobs = { ...cleanRoomJobs, ...coffeeJobs } as const;

/** In kebab-case, because otherwise a function's Cloud Run service gets another name. */
export const functions = { load: "load-bq-from-csv", trigger: "trigger-job" } as const;

export const schedules = {
  generate: "coffee-job-schedule",
  load: "load-bq-daily",
  dbt: "dbt-daily",
  report: "report-daily",
} as const;

/** A demo that `index.ts` declares. */
export type Demo = "clean-room" | "coffee";

/** The names of what a demo runs. */
export interface Runs {
  readonly jobs: readonly string[];
  readonly functions: readonly string[];
  readonly schedules: readonly string[];
}

const runsByDemo: Readonly<Record<Demo, Runs>> = {
  "clean-room": { jobs: Object.values(cleanRoomJobs), functions: [], schedules: [] },
  coffee: {
    jobs: Object.values(coffeeJobs),
    functions: Object.values(functions),
    schedules: Object.values(schedules),
  },
};

/** Everything that these demos run. Its failures raise an alert. */
export function runsOf(demos: readonly Demo[]): Runs {
  const all = (kind: keyof Runs) => demos.flatMap((demo) => runsByDemo[demo][kind]);
  return { jobs: all("jobs"), functions: all("functions"), schedules: all("schedules") };
}

/** The metric that counts the nights whose reports have all data. PromQL allows no hyphens in it. */
export const NIGHTS = "coffee_nights";

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

/** The default name of the bucket of files. The other buckets' names are derived from it. */
export function filesBucketName(project: string): string {
  return `${project}-coffee-demo`;
}

/** The name of the bucket of reports. */
export function reportsBucketName(bucket: string): string {
  return `${bucket}-reports`;
}

/** The name of the bucket of code. Accounts that write data cannot write to it, so they cannot change what others run. */
export function codeBucketName(bucket: string): string {
  return `${bucket}-code`;
}

/** The name of the bucket of dbt's output. */
export function dbtBucketName(bucket: string): string {
  return `${bucket}-dbt`;
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
