import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { accounts, repositories } from "../names.ts";
import { Identity } from "./identity.ts";
import { childOf, type Place, remadeAfterFailure } from "./place.ts";

export interface FunctionsBuildArgs {
  /** Project, region and labels. */
  readonly place: Place;
  /** The bucket that has the functions' source. */
  readonly bucket: pulumi.Input<string>;
}

/**
 * The account that builds the functions, and the repository for their images. Google's default account may edit everything in old projects
 * and nothing in new ones, and `pulumi destroy` leaves Google's default repository behind.
 */
export class FunctionsBuild extends pulumi.ComponentResource {
  /** The account that builds. */
  readonly identity: Identity;
  /** The repository, `projects/P/locations/R/repositories/ID`. */
  readonly repository: pulumi.Output<string>;

  constructor(name: string, args: FunctionsBuildArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:google:FunctionsBuild", name, {}, opts);
    const { project, region, labels } = args.place;
    const child = childOf(this, opts);
    const images = new gcp.artifactregistry.Repository(
      `${name}-images`,
      {
        project,
        location: region,
        repositoryId: repositories.functions,
        description: "Images that the functions are built into",
        labels,
        format: "DOCKER",
      },
      { ...child, ...remadeAfterFailure },
    );
    // Google builds from a copy of the source, in a bucket that it creates at the first build and names after the project's number.
    const copies = {
      title: "sources of functions",
      expression: 'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-")',
    };
    const { repositoryId } = images;
    this.identity = new Identity(
      `${name}-identity`,
      {
        accountId: accounts.build,
        displayName: "Builds the functions",
        project,
        grants: {
          logs: { on: "project", project, role: "roles/logging.logWriter" },
          source: { on: "bucket", bucket: args.bucket, role: "roles/storage.objectViewer" },
          copies: { on: "project", project, role: "roles/storage.objectViewer", condition: copies },
          images: { on: "repository", project, region, name: repositoryId, role: "roles/artifactregistry.writer" },
        },
      },
      child,
    );
    this.repository = pulumi.interpolate`projects/${project}/locations/${region}/repositories/${repositoryId}`;
    this.registerOutputs({ identity: this.identity, repository: this.repository });
  }
}
