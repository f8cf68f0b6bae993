import { UserError } from "../generator/errors.ts";
import { openCleanRoom } from "./clean-room.ts";
import { called, type Declared, need } from "./declaration.ts";
import {
  realiseExchange,
  realiseExchangeRole,
  realiseListing,
  realisePrivacyView,
  realiseSubscription,
} from "./sharing.ts";
import { realiseBucket, realiseObject } from "./storage.ts";
import { createDeclaredTables, realiseDataset, realiseTable } from "./tables.ts";
import type { World } from "./world.ts";

type Realiser = (world: World, resource: Declared) => void | Promise<void>;

/** Nothing on this machine stands for it, and nothing needs to. */
const recorded: Realiser = () => {};

/** What stands for each type on this machine. A type that is not here is an error. */
export const realisers: Readonly<Record<string, Realiser>> = {
  "gcp:projects/service:Service": recorded,
  "gcp:bigquery/dataset:Dataset": realiseDataset,
  "gcp:bigquery/table:Table": realiseTable,
  "gcp:storage/bucket:Bucket": realiseBucket,
  "gcp:storage/bucketObject:BucketObject": realiseObject,
  "gcp:serviceaccount/account:Account": (world, account) => {
    world.accounts.set(String(account.outputs.email), account);
  },
  "gcp:artifactregistry/repository:Repository": recorded,

  "gcp:bigquery/datasetAccess:DatasetAccess": (world, access) => {
    const { view, authorizedDataset, groupByEmail } = access.inputs;
    if (view !== undefined || authorizedDataset !== undefined) world.sharing.authorisations.push(access);
    // No service account is in a group here.
    else if (groupByEmail === undefined)
      grant(world, access, `dataset/${need(access, "datasetId")}`, `serviceAccount:${need(access, "userByEmail")}`);
  },
  "gcp:projects/iAMMember:IAMMember": (world, member) => grant(world, member, `project/${need(member, "project")}`),
  "gcp:storage/bucketIAMMember:BucketIAMMember": (world, member) =>
    grant(world, member, `bucket/${need(member, "bucket")}`),
  "gcp:serviceaccount/iAMMember:IAMMember": (world, member) =>
    grant(world, member, `account/${lastPart(need(member, "serviceAccountId"))}`),
  "gcp:cloudrunv2/jobIamMember:JobIamMember": (world, member) =>
    grant(world, member, `job/${lastPart(need(member, "name"))}`),
  "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": (world, member) =>
    grant(world, member, `service/${lastPart(need(member, "name"))}`),
  "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": (world, member) =>
    grant(world, member, `repository/${lastPart(need(member, "repository"))}`),

  "gcp:cloudrunv2/job:Job": (world, job) => {
    need(job, "name");
    const { project, location, name } = job.outputs;
    world.jobs.set(`projects/${project}/locations/${location}/jobs/${name}`, job);
  },
  "gcp:cloudfunctionsv2/function:Function": (world, fn) => {
    need(fn, "name");
    world.functions.set((fn.outputs.serviceConfig as { uri: string }).uri, fn);
  },
  "gcp:cloudscheduler/job:Job": (world, schedule) => {
    world.schedules.push(schedule);
  },
  "pulumi-nodejs:dynamic/demo:PrivacyView": realisePrivacyView,
  "gcp:bigqueryanalyticshub/dataExchange:DataExchange": realiseExchange,
  "gcp:bigqueryanalyticshub/dataExchangeIamMember:DataExchangeIamMember": realiseExchangeRole,
  "gcp:bigqueryanalyticshub/listing:Listing": realiseListing,
  "gcp:bigqueryanalyticshub/dataExchangeSubscription:DataExchangeSubscription": realiseSubscription,
  "pulumi-nodejs:dynamic/demo:JobRun": (world, run) => {
    world.jobRuns.push(run);
  },
};

/**
 * Makes what stands for each declared resource: folders, files, tables; jobs, functions and schedules are noted for their time.
 * Throws one UserError that names every resource of a type that it does not know, or the first that cannot be.
 */
export async function realise(world: World): Promise<void> {
  const { resources } = world.declaration;
  const unknown = resources.filter(({ type }) => realisers[type] === undefined && !type.startsWith("pulumi:"));
  if (unknown.length > 0) {
    const names = unknown.map((resource) => `  ${called(resource)}`).join("\n");
    throw new UserError(
      `the rehearsal knows nothing that stands for these declared resources:\n${names}\nTeach it in local/realise.ts`,
    );
  }
  for (const resource of resources) await realisers[resource.type]?.(world, resource);
  await createDeclaredTables(world);
  await openCleanRoom(world);
}

function grant(world: World, resource: Declared, on: string, member = need<string>(resource, "member")): void {
  world.grants.add(resource, on, need(resource, "role"), member);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
