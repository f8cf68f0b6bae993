import * as pulumi from "@pulumi/pulumi";
import { templates } from "./cleanroom/templates.ts";
import { readUseCases } from "./cleanroom/use-cases.ts";
import { Alerts, Budget, forAlerts } from "./components/alerts.ts";
import { bundleOnce } from "./components/bundle.ts";
import { CleanRoom } from "./components/cleanroom/clean-room.ts";
import { Parties } from "./components/cleanroom/parties.ts";
import { ownersViews } from "./components/cleanroom/usage.ts";
import { CoffeeShop } from "./components/coffee/coffee-shop.ts";
import { Daily } from "./components/coffee/daily.ts";
import { Marts } from "./components/coffee/marts.ts";
import { Reports } from "./components/coffee/reports.ts";
import { readDbtProject } from "./components/dbt-project.ts";
import { Apis, servicesOf } from "./components/google/apis.ts";
import { Bucket } from "./components/google/bucket.ts";
import {
  consoleLinks,
  lookerStudioLinks,
  nextStepsFor,
  pasteable,
  reportLinks,
  templateCalls,
} from "./components/links.ts";
import {
  CSV_EXPIRY,
  codeBucketName,
  type Demo,
  dbtBucketName,
  filesBucketName,
  reportsBucketName,
  runsOf,
} from "./components/names.ts";
import { prepareForPulumi } from "./components/under-pulumi.ts";
import { UploadedCode } from "./components/uploaded-code.ts";
import { readSettings } from "./config.ts";
import { pagesOnce } from "./report/build.ts";

/*
 * Both demos on Google Cloud. `npm start` rehearses exactly what this program declares. docs/change-it.md says how to keep one demo alone.
 */

const demos: readonly Demo[] = ["clean-room", "coffee"];

prepareForPulumi();
const settings = readSettings();
const { project, location, region, merchantProject, walletProject } = settings;
const place = { project, location, region, labels: { application: "gcp-data-demos", ...settings.labels } };
const sizing = { memory: settings.memory, retries: settings.retries, timeoutSeconds: settings.timeoutSeconds };

// Google's APIs, before everything else.
const apis = new Apis("apis", { services: servicesOf(project, [merchantProject, walletProject], forAlerts(settings)) });
const opts = { dependsOn: apis };

// One bucket holds the coffee shop's files, and another all code that runs in the cloud: accounts that write data cannot change code.
const bucketName = settings.bucketName || filesBucketName(project);
const files = new Bucket("files", { place, bucketName, expiry: CSV_EXPIRY }, opts);
const codeBucket = new Bucket("code", { place, bucketName: codeBucketName(bucketName) }, opts);
const sources = { bundle: bundleOnce(), dbt: readDbtProject(), pages: pagesOnce() };
const code = new UploadedCode("code", { bucket: codeBucket.bucket, ...sources }, opts);
const jobs = { place, code, files: files.bucket, image: settings.generatorImage, sizing };
const names = files.bucket.apply((bucket) => ({ project, location, region, merchantProject, walletProject, bucket }));

/** The bucket of files. */
export const bucketUrl = files.url;
/** Links to the console's page of each resource. */
export const links = names.apply((at) => consoleLinks(at, demos));
/** Commands to try next. */
export const nextSteps = names.apply((at) => nextStepsFor(at, demos));

// The merchant and the e-wallet, and the clean room between them.
const projects = { merchant: merchantProject, wallet: walletProject };
const parties = new Parties("parties", { ...jobs, merchantProject, walletProject, fill: settings }, opts);
const { sharedViews, templatesOnly, templatesRevision, cleanRoomMembers, logQueryAddresses } = settings;
const shared = { sharedViews, templatesOnly, templatesRevision, cleanRoomMembers, logQueryAddresses };
const between = { place, projects, datasets: parties.datasets, otherGrantees: [parties.filler] };
const cleanRoom = new CleanRoom("clean-room", { ...between, ...shared }, opts);
const askable = pulumi.all([names, parties.filled, cleanRoom.linked]).apply(([at]) => at);

/** The clean room's questions, to paste into BigQuery, as soon as they have an answer. */
export const useCases = askable.apply((at) => pasteable(readUseCases(), at));
/** Calls of the clean room's query templates, to paste into BigQuery. */
export const queryTemplates = askable.apply((at) => pasteable(templateCalls(templates), at));
/** For each owner: who asked what of its shared views, and what is left of their privacy budgets. */
export const owners = ownersViews(projects, location, sharedViews);

// The coffee shop: its tables, marts and reports, and the schedules that renew all three each day.
const shop = new CoffeeShop("coffee", { ...jobs, shop: settings }, opts);
const dbtImage = { name: settings.dbtImage, tag: settings.dbtTag };
const marts = new Marts(
  "marts",
  { place, code, shop, image: dbtImage, bucketName: dbtBucketName(bucketName), sizing },
  opts,
);
const reportsBucket = { bucketName: reportsBucketName(bucketName), readers: settings.reportReaders };
const reports = new Reports("reports", { ...jobs, marts, ...reportsBucket }, opts);
new Daily("daily", { place, code, files: files.bucket, shop, marts, reports, clocks: settings }, opts);
const reportUrls = pulumi.all([names, reports.written]).apply(([at]) => reportLinks(at));

/** Links to the reports, as soon as they are written. */
export { reportUrls as reports };
/** Links that open a new report on a mart, as soon as the marts are built. */
export const lookerStudio = pulumi.all([names, marts.built.execution]).apply(([at]) => lookerStudioLinks(at));

// Alerts about a failed night, and a budget for the month.
const emails = settings.alertEmails.split(",").filter(Boolean);
const { channels } = new Alerts("alerts", { place, emails, ...runsOf(demos), nights: reports.nights }, opts);
const { billingAccount, monthlyBudget: amount } = settings;
new Budget("budget", { project, billingAccount, amount, channels }, opts);
