import type { Message } from "./grpc.ts";

/*
 * Google's APIs as a fresh project has them: off, all of them. Enabling one answers before the API itself does.
 */

/** How long an API that was enabled still answers that it is off. */
const STARTING_MS = 1_000;

/** The API that makes resources of a module of Google's provider. */
const apiOf: Readonly<Record<string, string>> = {
  artifactregistry: "artifactregistry",
  billing: "billingbudgets",
  bigquery: "bigquery",
  bigqueryanalyticshub: "analyticshub",
  cloudfunctionsv2: "cloudfunctions",
  cloudrunv2: "run",
  cloudscheduler: "cloudscheduler",
  logging: "logging",
  monitoring: "monitoring",
  projects: "cloudresourcemanager",
  secretmanager: "secretmanager",
  serviceaccount: "iam",
  storage: "storage",
};

export interface Apis {
  /** Why a resource cannot be made yet; undefined if it can. */
  refusal(type: string, inputs: Message): string | undefined;
  /** Enables a service. Returns why the provider cannot read it afterwards; undefined if it can, or was enabled already and so need not. */
  enable(project: string, service: string): string | undefined;
  /** Services that the caller may not enable. */
  readonly denied: Set<string>;
  /** How many calls were refused. */
  refused: number;
}

/** @param callers the project of the caller's credentials, to which Google counts calls of Resource Manager, beside the resource's own */
export function freshApis(callers: string): Apis {
  const enabled = new Map<string, number>();
  const answers = (project: string, service: string) =>
    (enabled.get(`${project}/${service}`) ?? Number.POSITIVE_INFINITY) + STARTING_MS < Date.now();
  const off = (project: string, service: string) => {
    apis.refused++;
    return (
      `googleapi: Error 403: ${service} API has not been used in project ${project} before or it is disabled. ` +
      "If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry., accessNotConfigured"
    );
  };
  const apis: Apis = {
    refused: 0,
    denied: new Set(),
    enable(project, service) {
      const key = `${project}/${nameOf(service)}`;
      if (enabled.has(key)) return undefined;
      // Looked up before it is enabled, so that the read of Resource Manager itself is refused too.
      const unread = [project, callers].find((each) => !answers(each, "cloudresourcemanager"));
      enabled.set(key, Date.now());
      return unread === undefined ? undefined : off(unread, "cloudresourcemanager");
    },
    refusal(type, { project = callers, service: given }) {
      const [, module = ""] = /^gcp:(\w+)\//.exec(type) ?? [];
      const service = apiOf[module];
      if (type === "gcp:projects/service:Service") {
        if (!apis.denied.has(nameOf(given))) return undefined;
        apis.refused++;
        return `googleapi: Error 403: Permission denied to enable service [${given}]`;
      }
      if (service === undefined) throw new Error(`test/engine/apis.ts does not know the API of ${type}`);
      return answers(project, service) ? undefined : off(project, service);
    },
  };
  return apis;
}

/** `run` of `run.googleapis.com`. */
const nameOf = (service: string) => service.replace(/\.googleapis\.com$/, "");
