import * as pulumi from "@pulumi/pulumi";
import { readUseCases } from "./cleanroom/use-cases.ts";
import { Apis, servicesOf } from "./components/apis.ts";
import { Lake } from "./components/bucket.ts";
import { buildBundle } from "./components/bundle.ts";
import { CleanRoom } from "./components/clean-room.ts";
import { CoffeeShop } from "./components/coffee-shop.ts";
import { Daily } from "./components/daily.ts";
import { readDbtProject } from "./components/dbt-project.ts";
import { consoleLinks, lookerStudioLinks, nextSteps as next, pasteable } from "./components/links.ts";
import { Marts } from "./components/marts.ts";
import { MerchantAndWallet } from "./components/merchant-and-wallet.ts";
import { bucketName } from "./components/names.ts";
import { Runtime } from "./components/runtime.ts";
import { readSettings } from "./config.ts";

/* Both demos on Google Cloud: what is declared here is what `npm start` rehearses. */

const settings = readSettings();
const { project, location, region, merchantProject, walletProject, timeZone, generatorImage: image } = settings;
const place = { project, location, region, labels: { application: "gcp-data-demos", ...settings.labels } };
const sizing = { memory: settings.memory, retries: settings.retries, timeoutSeconds: settings.timeoutSeconds };

const apis = new Apis("apis", { services: servicesOf(project, [merchantProject, walletProject]) });
const ready = { dependsOn: apis };

const lake = new Lake("lake", { place, bucketName: settings.bucketName || bucketName(project) }, ready);
const runtime = new Runtime("runtime", { bucket: lake.bucket, bundle: buildBundle(), dbt: readDbtProject() }, ready);

const parties = new MerchantAndWallet(
  "clean-room",
  { place, merchantProject, walletProject, runtime, image, fill: settings, sizing },
  ready,
);
const projects = { merchant: merchantProject, wallet: walletProject };
const sharing = { place, projects, datasets: parties.datasets, ...settings };
const cleanRoom = new CleanRoom("sharing", sharing, ready);

const shop = new CoffeeShop("coffee", { place, runtime, image, shop: settings, sizing }, ready);
const dbtImage = { name: settings.dbtImage, tag: settings.dbtTag };
const marts = new Marts("reports", { place, runtime, shop, image: dbtImage, sizing }, ready);
const clocks = {
  generate: { schedule: settings.generateSchedule, timeZone },
  load: { schedule: settings.loadSchedule, timeZone },
  dbt: { schedule: settings.dbtSchedule, timeZone },
};
new Daily("daily", { place, runtime, shop, marts, clocks }, ready);

const at = lake.bucket.apply((bucket) => ({ project, location, region, merchantProject, walletProject, bucket }));
/** The bucket of files and code. */
export const bucketUrl = lake.url;
/** The console's page of everything that was made. */
export const links = at.apply(consoleLinks);
/** Open a new report on a mart, once it is built. */
export const lookerStudio = pulumi.all([at, marts.built]).apply(([where]) => lookerStudioLinks(where));
const answers = pulumi.all([at, parties.filled, cleanRoom.linked]);
/** The clean room's questions, to paste into BigQuery as the party that asks, once there is an answer. */
export const useCases = answers.apply(([where]) => pasteable(readUseCases(), where));
/** What to do now. */
export const nextSteps = at.apply(next);
