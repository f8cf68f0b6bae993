import type { Adapter, ComputeOutputs, Realise, Rehearsal } from "./adapter.ts";
import { monitoring } from "./alerts.ts";
import { at, type Declared, need } from "./declaration.ts";
import { realiseBucket, realiseObject } from "./storage.ts";

/** Does nothing: only the cloud needs the resource. */
const nothing: Realise = () => {};

/**
 * Records the role that a grant resource, such as a `BucketIAMMember`, gives its member.
 * Throws UserError if it has no role or no member, or if the member is not a service account, person, group or domain.
 * @param on the thing that the role is granted on, such as `bucket/NAME`
 * @example
 * const types = { "gcp:pubsub/topicIAMMember:TopicIAMMember": (rehearsal, member) => grant(rehearsal, member, `topic/${member.inputs.topic}`) };
 */
export function grant(
  rehearsal: Rehearsal,
  resource: Declared,
  on: string,
  member = need<string>(resource, "member"),
): void {
  rehearsal.grants.add(resource, on, need(resource, "role"), member);
}

/** Computes the id of a job of Cloud Run or Cloud Scheduler. */
const jobId: ComputeOutputs = ({ name }, { project, location }) => ({
  id: `projects/${project}/locations/${location}/jobs/${name}`,
});

/** The folder to which a grant's condition limits it, `/FOLDER`, or nothing. */
function folderOf(member: Declared): string {
  const expression = at<string>(member.inputs, "condition.expression") ?? "";
  const [, folder] = /^resource\.name\.startsWith\(["'][^"']*\/objects\/([^"'/]+)\/["']\)$/.exec(expression) ?? [];
  return folder === undefined ? "" : `/${folder}`;
}

/** Buckets, objects, and grants on buckets. */
export const storage: Adapter = {
  types: {
    "gcp:storage/bucket:Bucket": realiseBucket,
    "gcp:storage/bucketObject:BucketObject": realiseObject,
    "gcp:storage/bucketIAMMember:BucketIAMMember": (rehearsal, member) =>
      grant(rehearsal, member, `bucket/${need(member, "bucket")}${folderOf(member)}`),
  },
  outputs: {
    "gcp:storage/bucket:Bucket": ({ name }) => ({ id: `${name}`, outputs: { url: `gs://${name}` } }),
    "gcp:storage/bucketObject:BucketObject": ({ bucket, name }) => ({
      id: `${bucket}-${name}`,
      outputs: { outputName: name, generation: 1 },
    }),
  },
  kinds: {
    bucket: {
      roles: {
        read: [
          "roles/storage.objectViewer",
          "roles/storage.objectUser",
          "roles/storage.objectAdmin",
          "roles/storage.admin",
        ],
        write: ["roles/storage.objectUser", "roles/storage.objectAdmin", "roles/storage.admin"],
        list: [
          "roles/storage.legacyBucketReader",
          "roles/storage.objectViewer",
          "roles/storage.objectUser",
          "roles/storage.objectAdmin",
          "roles/storage.admin",
        ],
      },
    },
  },
};

/** Service accounts, and grants on them and on projects. */
export const serviceAccounts: Adapter = {
  types: {
    "gcp:serviceaccount/account:Account": ({ accounts }, account) => {
      accounts.set(String(account.outputs.email), account);
    },
    "gcp:serviceaccount/iAMMember:IAMMember": (rehearsal, member) =>
      grant(rehearsal, member, `account/${lastPart(need(member, "serviceAccountId"))}`),
    "gcp:projects/iAMMember:IAMMember": (rehearsal, member) =>
      grant(rehearsal, member, `project/${need(member, "project")}`),
  },
  outputs: {
    "gcp:serviceaccount/account:Account": ({ accountId }, { project }) => {
      const email = `${accountId}@${project}.iam.gserviceaccount.com`;
      const id = `projects/${project}/serviceAccounts/${email}`;
      return { id, outputs: { name: id, email, member: `serviceAccount:${email}`, uniqueId: `${accountId}` } };
    },
  },
};

/** Cloud Run jobs, and grants on jobs and services. A function is also a service, of the same name. */
export const cloudRun: Adapter = {
  types: {
    "gcp:cloudrunv2/job:Job": (rehearsal, job) => {
      need(job, "name");
      const { project, location, name } = job.outputs;
      rehearsal.jobs.set(`projects/${project}/locations/${location}/jobs/${name}`, job);
      rehearsal.touchable.set(`job/${name}`, [job]);
    },
    "gcp:cloudrunv2/jobIamMember:JobIamMember": (rehearsal, member) =>
      grant(rehearsal, member, `job/${lastPart(need(member, "name"))}`),
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": (rehearsal, member) =>
      grant(rehearsal, member, `service/${lastPart(need(member, "name"))}`),
  },
  outputs: { "gcp:cloudrunv2/job:Job": jobId },
  kinds: {
    job: {
      roles: {
        write: [
          "roles/run.jobsExecutor",
          "roles/run.invoker",
          "roles/run.jobsExecutorWithOverrides",
          "roles/run.developer",
          "roles/run.admin",
        ],
        override: ["roles/run.jobsExecutorWithOverrides", "roles/run.developer", "roles/run.admin"],
        read: ["roles/run.viewer", "roles/run.developer", "roles/run.admin"],
      },
      verbs: { read: "watches", write: "calls" },
    },
    service: { roles: { write: ["roles/run.invoker", "roles/run.admin"] }, verbs: { write: "calls" } },
  },
};

/** Cloud Run functions, which `@pulumi/gcp` calls `cloudfunctionsv2`. */
export const functions: Adapter = {
  types: {
    "gcp:cloudfunctionsv2/function:Function": (rehearsal, fn) => {
      need(fn, "name");
      rehearsal.functions.set((fn.outputs.serviceConfig as { uri: string }).uri, fn);
    },
  },
  outputs: {
    "gcp:cloudfunctionsv2/function:Function": ({ name, serviceConfig }, { project, location }) => {
      const uri = `https://${name}-rehearsed-uc.a.run.app`;
      const service = `projects/${project}/locations/${location}/services/${name}`;
      return {
        id: `projects/${project}/locations/${location}/functions/${name}`,
        outputs: {
          url: `https://${location}-${project}.cloudfunctions.net/${name}`,
          serviceConfig: { ...(serviceConfig as object), uri, gcfUri: uri, service },
        },
      };
    },
  },
};

/** Cloud Scheduler's jobs with an HTTP target. */
export const scheduler: Adapter = {
  types: {
    "gcp:cloudscheduler/job:Job": ({ schedules }, schedule) => {
      schedules.push(schedule);
    },
  },
  outputs: { "gcp:cloudscheduler/job:Job": jobId },
};

/** Grants on the secrets of Secret Manager. A job gets a made-up value for a secret that it may read. */
export const secrets: Adapter = {
  types: {
    "gcp:secretmanager/secretIamMember:SecretIamMember": (rehearsal, member) =>
      grant(rehearsal, member, `secret/${lastPart(need(member, "secretId"))}`),
  },
  kinds: {
    secret: { roles: { read: ["roles/secretmanager.secretAccessor", "roles/secretmanager.admin"] } },
  },
};

/** APIs and image repositories. Only the cloud needs them, so a rehearsal only records the grants. */
export const recordedOnly: Adapter = {
  types: {
    "gcp:projects/service:Service": nothing,
    "gcp:artifactregistry/repository:Repository": nothing,
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": (rehearsal, member) =>
      grant(rehearsal, member, `repository/${lastPart(need(member, "repository"))}`),
  },
  outputs: {
    "gcp:projects/service:Service": ({ service }, { project }) => ({ id: `${project}/${service}` }),
    "gcp:artifactregistry/repository:Repository": ({ repositoryId }, { project, location }) => ({
      id: `projects/${project}/locations/${location}/repositories/${repositoryId}`,
      outputs: { name: repositoryId, registryUri: `${location}-docker.pkg.dev/${project}/${repositoryId}` },
    }),
  },
};

/**
 * All adapters of this package.
 * @example
 * await rehearse(declaration, { out, adapters: [...googleAdapters, topics] });
 */
export const googleAdapters: readonly Adapter[] = [
  storage,
  serviceAccounts,
  cloudRun,
  functions,
  scheduler,
  monitoring,
  secrets,
  recordedOnly,
];

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
