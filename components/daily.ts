import * as pulumi from "@pulumi/pulumi";
import type { CoffeeShop } from "./coffee-shop.ts";
import type { Dashboards } from "./dashboards.ts";
import { FunctionsBuild } from "./functions-build.ts";
import { HttpFunction } from "./http-function.ts";
import { Identity } from "./identity.ts";
import type { Marts } from "./marts.ts";
import { accounts, CSV_FOLDER, functions, schedules } from "./names.ts";
import { childOf, type Place } from "./place.ts";
import type { Runtime } from "./runtime.ts";
import { Schedule } from "./schedule.ts";

/** The longest that a schedule waits for an answer. */
const LONGEST_CALL = 1800;

/** From the settings. */
export interface Clocks {
  readonly generateSchedule: string;
  readonly loadSchedule: string;
  readonly dbtSchedule: string;
  readonly reportSchedule: string;
  readonly timeZone: string;
}

export interface DailyArgs {
  readonly place: Place;
  readonly runtime: Runtime;
  readonly shop: CoffeeShop;
  readonly marts: Marts;
  readonly dashboards: Dashboards;
  /** When each step of the day starts. */
  readonly clocks: Clocks;
}

/** The coffee shop's day: new files, then the load, the marts and the reports; each started by its schedule, as an account that may do only that. */
export class Daily extends pulumi.ComponentResource {
  constructor(name: string, args: DailyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:coffee:Daily", name, {}, opts);
    const { place, runtime, shop, marts, dashboards, clocks } = args;
    const { project, region } = place;
    const { bucket } = runtime;
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
        grants: { dbt: startsJob(marts.jobName), report: startsJob(dashboards.jobName) },
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
    // The first fill takes minutes, in which the grants of the functions' build reach all of Google: a build refused would fail the up.
    const afterFill = childOf(this, opts, [shop.loaded]);
    const common = { place, source: { bucket, object: runtime.functions }, build, invoker: scheduler };
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
      ["report", "The reports, from the marts", "google-api", runJob(dashboards.jobName), 180],
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
