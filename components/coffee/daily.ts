import * as pulumi from "@pulumi/pulumi";
import { FunctionsBuild } from "../google/functions-build.ts";
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
 * The coffee shop's day: new files, then the load, the marts and the reports. A schedule starts each step, and the account that it calls as
 * may do nothing else.
 */
export class Daily extends pulumi.ComponentResource {
  constructor(name: string, args: DailyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:coffee:Daily", name, {}, opts);
    const { place, code, shop, marts, reports, clocks } = args;
    const { project, region } = place;
    const { bucket } = code;
    const child = childOf(this, opts);
    const build = new FunctionsBuild(`${name}-build`, { place, bucket }, child);
    const startsJob = (job: pulumi.Input<string>) =>
      ({ on: "job", project, region, name: job, role: "roles/run.jobsExecutor" }) as const;

    const scheduler = new Identity(
      `${name}-scheduler`,
      {
        accountId: accounts.scheduler,
        displayName: "Starts each step of the coffee shop's day",
        project,
        grants: { dbt: startsJob(marts.jobName), report: startsJob(reports.jobName) },
      },
      child,
    );
    const trigger = new Identity(
      `${name}-trigger`,
      {
        accountId: accounts.trigger,
        displayName: "Starts the job that writes the CSV files",
        project,
        grants: { job: startsJob(shop.generateJob) },
      },
      child,
    );
    // A build that is refused fails the up. The first load takes minutes, in which the build's grants reach all of Google.
    const afterFill = childOf(this, opts, [shop.loaded]);
    const common = { place, source: { bucket, object: code.functions }, build, invoker: scheduler };
    const triggerJob = new HttpFunction(
      `${name}-trigger`,
      {
        ...common,
        functionName: functions.trigger,
        description: "Starts the job that writes the coffee shop's CSV files",
        entryPoint: "triggerJob",
        identity: trigger,
        env: { PROJECT_ID: project, REGION: region, JOB: shop.generateJob },
        timeoutSeconds: 60,
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
          BUCKET: bucket,
          GCS_PREFIX: CSV_FOLDER,
          LOCATION: place.location,
        },
        timeoutSeconds: LONGEST_CALL,
      },
      afterFill,
    );

    const runJob = (job: pulumi.Input<string>) =>
      pulumi.interpolate`https://run.googleapis.com/v2/projects/${project}/locations/${region}/jobs/${job}:run`;
    const steps = [
      ["generate", "The coffee shop's new CSV files", "function", triggerJob.uri, 180],
      ["load", "The new CSV files into BigQuery", "function", load.uri, LONGEST_CALL],
      ["dbt", "The marts, from what was loaded", "google-api", runJob(marts.jobName), 180],
      ["report", "The reports, from the marts", "google-api", runJob(reports.jobName), 180],
    ] as const;
    for (const [step, description, kind, uri, deadlineSeconds] of steps) {
      new Schedule(
        `${name}-${step}`,
        {
          place,
          scheduleName: schedules[step],
          description,
          clock: { schedule: clocks[`${step}Schedule`], timeZone: clocks.timeZone },
          target: { kind, uri },
          identity: scheduler,
          deadlineSeconds,
        },
        child,
      );
    }
    this.registerOutputs({});
  }
}
