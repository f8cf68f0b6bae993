import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { retryWhileRefused } from "./google-delay.ts";
import { grant } from "./grants.ts";
import type { Identity } from "./identity.ts";
import { childOf, type Place, remadeAfterFailure } from "./place.ts";

export interface HttpFunctionArgs {
  readonly place: Place;
  /** The function's name, in kebab-case. */
  readonly functionName: string;
  /** What it is for, as the console shows it. */
  readonly description: string;
  /** The name that the code exports it by. */
  readonly entryPoint: string;
  /** Where the code is: a zip in a bucket. */
  readonly source: { readonly bucket: pulumi.Input<string>; readonly object: pulumi.Input<string> };
  /** What builds it, and where the built image goes: `projects/P/locations/R/repositories/ID`. */
  readonly build: { readonly identity: Identity; readonly repository: pulumi.Input<string> };
  /** Who it runs as. */
  readonly identity: Identity;
  /** The one who may call it. */
  readonly invoker: Identity;
  readonly env: Readonly<Record<string, pulumi.Input<string>>>;
  /** How long a call may take, up to 3600. */
  readonly timeoutSeconds: number;
}

/** A function of the second generation, called over HTTP by its invoker and nobody else. */
export class HttpFunction extends pulumi.ComponentResource {
  /** Where it is called; only the invoker is answered. */
  readonly uri: pulumi.Output<string>;

  constructor(name: string, args: HttpFunctionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:runtime:HttpFunction", name, {}, opts);
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
          // Calls that overlap meet in one instance, where the code takes them in turn; more than one at a time needs a whole CPU.
          maxInstanceCount: 1,
          maxInstanceRequestConcurrency: 10,
          availableCpu: "1",
          // Open to the network and closed by IAM: the scheduler does not count as internal everywhere.
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
