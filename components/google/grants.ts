import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { isUnknownAccount, retryWhile } from "./retry.ts";

/** A service account, a person or a group, as grants name it. */
export interface Grantee {
  /** The address. */
  readonly email: pulumi.Input<string>;
  /** `serviceAccount:…`, `user:…` or `group:…` */
  readonly member: pulumi.Input<string>;
}

/** Where to find a Cloud Run resource or a repository. */
interface Regional {
  readonly project: string;
  readonly region: string;
  readonly name: pulumi.Input<string>;
}

/** A role on a resource. Every component states its grants in this shape. */
export type Grant =
  | {
      readonly on: "dataset";
      readonly project: string;
      readonly dataset: pulumi.Input<string>;
      readonly role: "READER" | "WRITER";
    }
  | {
      readonly on: "bucket";
      readonly bucket: pulumi.Input<string>;
      /** `legacyBucketReader` lists the objects' names, and reads none. */
      readonly role: `roles/storage.${"objectViewer" | "objectUser" | "legacyBucketReader"}`;
      /** The only folder of the bucket that the role covers. Listing objects is not covered then. @default the whole bucket */
      readonly folder?: string;
    }
  | ({ readonly on: "job"; readonly role: `roles/run.${"jobsExecutor" | "viewer"}` } & Regional)
  | ({ readonly on: "function"; readonly role: "roles/run.invoker" } & Regional)
  | ({ readonly on: "repository"; readonly role: "roles/artifactregistry.writer" } & Regional)
  | {
      readonly on: "secret";
      readonly project: string;
      /** The secret's name. */
      readonly secret: string;
      readonly role: "roles/secretmanager.secretAccessor";
    }
  | {
      readonly on: "exchange";
      readonly project: string;
      /** In lower case, as Analytics Hub writes it. */
      readonly location: string;
      readonly exchange: pulumi.Input<string>;
      readonly role: `roles/analyticshub.${"subscriber" | "subscriptionOwner"}`;
    }
  | ProjectGrant;

/** A role that Google grants only on a project. A condition narrows it to a resource that does not exist yet. */
interface ProjectGrant {
  readonly on: "project";
  readonly project: string;
  readonly role:
    | "roles/analyticshub.subscriptionOwner"
    | "roles/bigquery.jobUser"
    | "roles/bigquery.user"
    | "roles/logging.logWriter"
    | "roles/storage.objectViewer";
  readonly condition?: { readonly title: string; readonly expression: string };
}

/**
 * A grant to list the names in a bucket. An account that may only read a folder needs it too: Google says that an object is missing only to
 * accounts that may list, and answers 403 to others.
 */
export function listing(bucket: pulumi.Input<string>): Grant {
  return { on: "bucket", bucket, role: "roles/storage.legacyBucketReader" };
}

/** Grants a role to one member, and leaves the grants of others alone. */
export function grant(
  name: string,
  { email, member }: Grantee,
  given: Grant,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  const { role } = given;
  switch (given.on) {
    case "dataset": {
      // Not DatasetIamMember, which removes authorised views; and a basic role, since a predefined one shows as a change in every preview.
      const { dataset, project } = given;
      const isGroup = typeof member === "string" && member.startsWith("group:");
      const who = isGroup ? { groupByEmail: email } : { userByEmail: email };
      const waits = retryWhile(name, isUnknownAccount, "as happens while BigQuery does not know a new account yet");
      const options = pulumi.mergeOptions(opts, waits);
      return new gcp.bigquery.DatasetAccess(name, { project, datasetId: dataset, role, ...who }, options);
    }
    case "bucket": {
      const { bucket, folder } = given;
      const condition = folder !== undefined && {
        title: `in the folder ${folder}`,
        expression: pulumi.interpolate`resource.name.startsWith("projects/_/buckets/${bucket}/objects/${folder}/")`,
      };
      return new gcp.storage.BucketIAMMember(name, { bucket, role, member, ...(condition && { condition }) }, opts);
    }
    case "job":
      return new gcp.cloudrunv2.JobIamMember(name, { ...regional(given), name: given.name, role, member }, opts);
    case "function":
      return new gcp.cloudrunv2.ServiceIamMember(name, { ...regional(given), name: given.name, role, member }, opts);
    case "repository": {
      const repository = given.name;
      return new gcp.artifactregistry.RepositoryIamMember(name, { ...regional(given), repository, role, member }, opts);
    }
    case "secret": {
      const { project, secret: secretId } = given;
      return new gcp.secretmanager.SecretIamMember(name, { project, secretId, role, member }, opts);
    }
    case "exchange": {
      const { project, location, exchange: dataExchangeId } = given;
      const where = { project, location, dataExchangeId };
      return new gcp.bigqueryanalyticshub.DataExchangeIamMember(name, { ...where, role, member }, opts);
    }
    case "project": {
      const { project, condition } = given;
      return new gcp.projects.IAMMember(name, { project, role, member, ...(condition && { condition }) }, opts);
    }
  }
}

const regional = ({ project, region }: Regional) => ({ project, location: region });
