import * as pulumi from "@pulumi/pulumi";
import { FunctionsBuild } from "../google/functions-build.ts";
import { type Grant, listing } from "../google/grants.ts";
import { HttpFunction } from "../google/http-function.ts";
import { Identity } from "../google/identity.ts";
import { childOf, type Place } from "../google/place.ts";
import { Schedule } from "../google/schedule.ts";
import { accounts, CSV_FOLDER, functions, schedules } from "../names.ts";
import type { UploadedCode } from "../uploaded-code.ts";
import type { CoffeeShop } from "./coffee-shop.ts";
import type { Marts } from "./marts.ts";
import type { Reports } from "./reports.ts";

/** The most seconds that Cloud Scheduler waits for an answer. */
const LONGEST_CALL = 1800;

/** When each step of the day starts, from the settings; in unix-cron format. */
export interface Clocks {
  /** Starts the generator. */
  readonly generateSchedule: string;
  /** Starts the load of the generator's files. */
  readonly loadSchedule: string;
  /** Starts dbt, which builds the marts. */
  readonly dbtSchedule: string;
  /** Starts the job that writes the reports. */
  readonly reportSchedule: string;
  /** The zone of all four, of the tz database. */
  readonly timeZone: string;
}

export interface DailyArgs {
  /** Project, location, region and labels. */
  readonly place: Place;
  /** The uploaded code, with the functions. */
  readonly code: UploadedCode;
  /** The bucket of the CSV files. */
  readonly files: pulumi.Input<string>;
  /** The coffee shop, whose files are generated and loaded each day. */
  readonly shop: CoffeeShop;
  /** The marts, built each day. */
  readonly marts: Marts;
  /** The reports, written each day. */
  readonly reports: Reports;
  /** When each step of the day starts. */
  readonly clocks: Clocks;
}

/**
 * The coffee shop's night: new files, then the load, the marts and the reports. A schedule calls the function of each step, and the account
 * that it calls as may do nothing else. The functions look at the data, not at the clock: if tonight's input of a step is missing, its function
 * answers 503, and the schedule calls again.
 */
export class Daily extends pulumi.ComponentResource {
  constructor(name: string, args: DailyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:coffee:Daily", name, {}, opts);
    const { place, code, files, shop, marts, reports, clocks } = args;
    const { project, region } = place;
    const { bucket } = code;
    const child = childOf(this, opts);
    const build = new FunctionsBuild(`${name}-build`, { place, bucket }, child);
    const jobs = { generate: shop.generateJob, dbt: marts.jobName, report: reports.jobName };

    const scheduler = new Identity(
      `${name}-scheduler`,
      { accountId: accounts.scheduler, displayName: "Calls each step of the coffee shop's night", project },
      child,
    );
    const trigger = new Identity(
      `${name}-trigger`,
      {
        accountId: accounts.trigger,
        displayName: "Starts the jobs of the coffee shop's night",
        project,
        grants: {
          ...startAndWatch(place, jobs),
          // The function asks these how far the night has come.
          queries: { on: "project", project, role: "roles/bigquery.jobUser" },
          files: { on: "bucket", bucket: files, role: "roles/storage.objectViewer", folder: CSV_FOLDER },
          list: listing(files),
          tables: { on: "dataset", project, dataset: shop.dataset, role: "READER" },
          marts: { on: "dataset", project, dataset: marts.dataset, role: "READER" },
          reports: { on: "bucket", bucket: reports.bucket, role: "roles/storage.objectViewer" },
        },
        // 0.3.0 had this grant alone.
        renamed: { "generate-start": "job" },
      },
      child,
    );
    // If Google refuses the build, the up fails. So wait for the first load: it takes minutes, in which the build's grants take effect.
    const afterFill = childOf(this, opts, [shop.loaded]);
    const common = { place, source: { bucket, ...code.functions }, build, invoker: scheduler };
    const triggerJob = new HttpFunction(
      `${name}-trigger`,
      {
        ...common,
        functionName: functions.trigger,
        description: "Starts the job of a step of the coffee shop's night, and waits for its end",
        entryPoint: "triggerJob",
        identity: trigger,
        env: {
          PROJECT_ID: project,
          REGION: region,
          LOCATION: place.location,
          JOB: jobs.generate,
          DBT_JOB: jobs.dbt,
          REPORT_JOB: jobs.report,
          DATASET: shop.dataset,
          MARTS: marts.dataset,
          BUCKET: files,
          GCS_PREFIX: CSV_FOLDER,
          REPORTS_BUCKET: reports.bucket,
        },
        timeoutSeconds: LONGEST_CALL,
      },
      afterFill,
    );
    const load = new HttpFunction(
      `${name}-load`,
      {
        ...common,
        functionName: functions.load,
        description: "Loads the coffee shop's CSV files into BigQuery",
        entryPoint: "loadBqFromCsv",
        identity: shop.loader,
        env: {
          PROJECT_ID: project,
          DATASET: shop.dataset,
          BUCKET: files,
          GCS_PREFIX: CSV_FOLDER,
          LOCATION: place.location,
        },
        timeoutSeconds: LONGEST_CALL,
      },
      afterFill,
    );

    const steps = [
      ["generate", "The coffee shop's new CSV files", triggerJob.uri, ""],
      ["load", "The new CSV files into BigQuery", load.uri, ""],
      ["dbt", "The marts, from what was loaded", triggerJob.uri, "/dbt"],
      ["report", "The reports, from the marts", triggerJob.uri, "/report"],
    ] as const;
    // Google would refuse a call before the functions have their grants.
    const afterGrants = childOf(this, opts, [trigger, shop.loader]);
    for (const [step, description, uri, path] of steps) {
      new Schedule(
        `${name}-${step}`,
        {
          place,
          scheduleName: schedules[step],
          description,
          clock: { schedule: clocks[`${step}Schedule`], timeZone: clocks.timeZone },
          target: { kind: "function", uri, path },
          identity: scheduler,
          deadlineSeconds: LONGEST_CALL,
        },
        afterGrants,
      );
    }
    this.registerOutputs({});
  }
}

/** The grants to start each job without overrides, and to read how its executions ended. */
function startAndWatch({ project, region }: Place, jobs: Readonly<Record<string, pulumi.Input<string>>>) {
  const grants = Object.entries(jobs).flatMap(([step, name]) => {
    const on = { on: "job", project, region, name } as const;
    return [
      [`${step}-start`, { ...on, role: "roles/run.jobsExecutor" }] as const,
      [`${step}-watch`, { ...on, role: "roles/run.viewer" }] as const,
    ];
  });
  return Object.fromEntries<Grant>(grants);
}
