import * as pulumi from "@pulumi/pulumi";
import { readUseCases } from "./cleanroom/use-cases.ts";
import { Apis, servicesOf } from "./components/apis.ts";
import { Lake } from "./components/bucket.ts";
import { buildBundle } from "./components/bundle.ts";
import { CleanRoom } from "./components/clean-room.ts";
import { CoffeeShop } from "./components/coffee-shop.ts";
import { Daily } from "./components/daily.ts";
import { Dashboards } from "./components/dashboards.ts";
import { readDbtProject } from "./components/dbt-project.ts";
import { consoleLinks, lookerStudioLinks, nextSteps as next, pasteable, reportLinks } from "./components/links.ts";
import { Marts } from "./components/marts.ts";
import { MerchantAndWallet } from "./components/merchant-and-wallet.ts";
import { bucketName, reportsBucketName } from "./components/names.ts";
import { Runtime } from "./components/runtime.ts";
import { readSettings } from "./config.ts";
import { buildPages } from "./report/build.ts";

/* Both demos on Google Cloud: what is declared here is what `npm start` rehearses. */

const settings = readSettings();
const { project, location, region, merchantProject, walletProject, generatorImage: image } = settings;
const place = { project, location, region, labels: { application: "gcp-data-demos", ...settings.labels } };
const sizing = { memory: settings.memory, retries: settings.retries, timeoutSeconds: settings.timeoutSeconds };

const apis = new Apis("apis", { services: servicesOf(project, [merchantProject, walletProject]) });
const ready = { dependsOn: apis };

const files = settings.bucketName || bucketName(project);
const lake = new Lake("lake", { place, bucketName: files }, ready);
const code = { bundle: buildBundle(), dbt: readDbtProject(), pages: buildPages() };
const runtime = new Runtime("runtime", { bucket: lake.bucket, ...code }, ready);

const how = { place, runtime, image, sizing };
const parties = new MerchantAndWallet("clean-room", { ...how, merchantProject, walletProject, fill: settings }, ready);
const projects = { merchant: merchantProject, wallet: walletProject };
const sharing = { place, projects, datasets: parties.datasets, ...settings };
const cleanRoom = new CleanRoom("sharing", sharing, ready);

const shop = new CoffeeShop("coffee", { ...how, shop: settings }, ready);
const dbtImage = { name: settings.dbtImage, tag: settings.dbtTag };
const marts = new Marts("reports", { ...how, shop, image: dbtImage }, ready);
const reportsBucket = { bucketName: reportsBucketName(files), readers: settings.reportReaders };
const dashboards = new Dashboards("dashboards", { ...how, marts, ...reportsBucket }, ready);
new Daily("daily", { place, runtime, shop, marts, dashboards, clocks: settings }, ready);

const at = lake.bucket.apply((bucket) => ({ project, location, region, merchantProject, walletProject, bucket }));
/** The bucket of files and code. */
export const bucketUrl = lake.url;
/** The console's page of everything that was made. */
export const links = at.apply(consoleLinks);
/** The reports, once they are written. */
export const reports = pulumi.all([at, dashboards.written]).apply(([where]) => reportLinks(where));
/** Open a new report on a mart, once it is built. */
export const lookerStudio = pulumi.all([at, marts.built.execution]).apply(([where]) => lookerStudioLinks(where));
const answers = pulumi.all([at, parties.filled, cleanRoom.linked]);
/** The clean room's questions, to paste into BigQuery as the party that asks, once there is an answer. */
export const useCases = answers.apply(([where]) => pasteable(readUseCases(), where));
/** What to do now. */
export const nextSteps = at.apply(next);
