import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { childOf } from "./place.ts";
import { retryWhileRefused } from "./retry.ts";

/**
 * The services through which the provider enables all others: Service Usage enables and lists them, and the provider then reads the
 * project from Resource Manager. Where Resource Manager is off, that read gets 403 and the service counts as failed.
 */
export const firstApis = ["serviceusage", "cloudresourcemanager"] as const;

/** The services for everything that runs or stores data, in addition to the first ones. */
export const stackApis = [
  "analyticshub",
  "artifactregistry",
  "bigquery",
  "cloudbuild",
  "cloudfunctions",
  "cloudscheduler",
  "iam",
  "logging",
  "run",
  "storage",
] as const;

/** The services for a project that holds only a party of the clean room, in addition to the first ones. */
export const partyApis = ["analyticshub", "bigquery", "iam"] as const;

export interface ApisArgs {
  /** Services to enable in addition to the first ones, by project; without `.googleapis.com`. */
  readonly services: Readonly<Record<string, readonly string[]>>;
}

/** The Google APIs that the stack uses. They stay enabled after a destroy, since others may use them by then. */
export class Apis extends pulumi.ComponentResource {
  constructor(name: string, args: ApisArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:google:Apis", name, {}, opts);
    const enable = (project: string, service: string, after: pulumi.Resource[]) => {
      const named = `${name}-${project}-${service}`;
      // A retry is safe even if the first try took effect: enabling an enabled service changes nothing.
      return new gcp.projects.Service(
        named,
        { project, service: `${service}.googleapis.com`, disableOnDestroy: false },
        { ...childOf(this, opts, after), ...retryWhileRefused(named) },
      );
    };
    const projects = Object.entries(args.services);
    // The credentials decide whether a call counts against the caller's project or the resource's, so wait for the first services of every project.
    const first = projects.flatMap(([project]) => firstApis.map((service) => enable(project, service, [])));
    for (const [project, services] of projects) for (const service of services) enable(project, service, first);
    this.registerOutputs({});
  }
}

/** The services of each project, for the stack's own and the two parties', which may all be one. @param more services of the stack's own */
export function servicesOf(
  project: string,
  parties: readonly string[],
  more: readonly string[] = [],
): Record<string, readonly string[]> {
  return Object.fromEntries([...parties.map((party) => [party, partyApis]), [project, [...stackApis, ...more]]]);
}
