import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { grant } from "./grants.ts";
import type { Identity } from "./identity.ts";
import { childOf, type Place, remadeAfterFailure } from "./place.ts";
import { retryWhileRefused } from "./retry.ts";

export interface HttpFunctionArgs {
  /** Project, region and labels. */
  readonly place: Place;
  /** The function's name, in kebab-case. */
  readonly functionName: string;
  /** The description that the console shows. */
  readonly description: string;
  /** The name under which the code exports the function. */
  readonly entryPoint: string;
  /** The code: a zip in a bucket, by its name and its generation. */
  readonly source: Readonly<Record<"bucket" | "object", pulumi.Input<string>>> & {
    readonly generation: pulumi.Input<number>;
  };
  /** The account that builds it, and the repository for the image: `projects/P/locations/R/repositories/ID`. */
  readonly build: { readonly identity: Identity; readonly repository: pulumi.Input<string> };
  /** The account that it runs as. */
  readonly identity: Identity;
  /** The only account that may call it. */
  readonly invoker: Identity;
  /** Its environment variables. */
  readonly env: Readonly<Record<string, pulumi.Input<string>>>;
  /** How long a call may take, up to 3600 seconds. */
  readonly timeoutSeconds: number;
}

/** A second-generation Cloud Function that answers HTTP calls from its invoker only. */
export class HttpFunction extends pulumi.ComponentResource {
  /** The function's URL. */
  readonly uri: pulumi.Output<string>;

  constructor(name: string, args: HttpFunctionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:google:HttpFunction", name, {}, opts);
    const { place, functionName, description, entryPoint, source, build, identity, env, timeoutSeconds } = args;
    const { project, region, labels } = place;
    const built = new gcp.cloudfunctionsv2.Function(
      `${name}-function`,
      {
        project,
        location: region,
        name: functionName,
        description,
        labels,
        buildConfig: {
          runtime: "nodejs22",
          entryPoint,
          source: { storageSource: source },
          serviceAccount: pulumi.interpolate`projects/${project}/serviceAccounts/${build.identity.email}`,
          dockerRepository: build.repository,
        },
        serviceConfig: {
          availableMemory: "512Mi",
          timeoutSeconds,
          // One instance receives every call, so that the code can queue calls that overlap. Several calls at once need a whole CPU.
          maxInstanceCount: 1,
          maxInstanceRequestConcurrency: 10,
          availableCpu: "1",
          // IAM guards it, not the network: Cloud Scheduler does not count as internal everywhere.
          ingressSettings: "ALLOW_ALL",
          serviceAccountEmail: identity.email,
          environmentVariables: env,
        },
      },
      { ...childOf(this, opts, [build.identity]), ...retryWhileRefused(functionName), ...remadeAfterFailure },
    );
    const invoke = grant(
      `${name}-invoker`,
      args.invoker,
      { on: "function", project, region, name: built.name, role: "roles/run.invoker" },
      childOf(this, opts),
    );
    this.uri = pulumi.all([built.serviceConfig, invoke.id]).apply(([config]) => config?.uri ?? "");
    this.registerOutputs({ uri: this.uri });
  }
}
