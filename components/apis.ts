import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { childOf } from "./place.ts";

/** Google's services for everything that runs and stores. serviceusage, which enables these, is enabled in every project. */
export const stackApis = [
  "analyticshub",
  "artifactregistry",
  "bigquery",
  "cloudbuild",
  "cloudfunctions",
  "cloudresourcemanager",
  "cloudscheduler",
  "iam",
  "logging",
  "run",
  "storage",
] as const;

/** Google's services for a project that holds a party of the clean room only. */
export const partyApis = ["analyticshub", "bigquery", "cloudresourcemanager", "iam"] as const;

export interface ApisArgs {
  /** Services to enable, by project; without `.googleapis.com`. */
  readonly services: Readonly<Record<string, readonly string[]>>;
}

/** The Google APIs that the stack uses. They stay enabled after a destroy: others may have come to use them. */
export class Apis extends pulumi.ComponentResource {
  constructor(name: string, args: ApisArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:project:Apis", name, {}, opts);
    for (const [project, services] of Object.entries(args.services)) {
      for (const service of services) {
        new gcp.projects.Service(
          `${name}-${project}-${service}`,
          { project, service: `${service}.googleapis.com`, disableOnDestroy: false },
          childOf(this, opts),
        );
      }
    }
    this.registerOutputs({});
  }
}

/** The services of each project, for the stack's own and the two parties', which may all be one. */
export function servicesOf(project: string, parties: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries([...parties.map((party) => [party, partyApis]), [project, stackApis]]);
}
