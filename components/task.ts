import { createHash } from "node:crypto";
import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { Identity } from "./identity.ts";
import { MOUNT } from "./names.ts";
import { childOf, type Place, remadeAfterFailure } from "./place.ts";

/** How large jobs are, from the settings. */
export interface Sizing {
  /** Memory of a task, such as `1Gi`. */
  readonly memory: string;
  /** How often Cloud Run tries a task again. */
  readonly retries: number;
  /** How long one try of a task may take. */
  readonly timeoutSeconds: number;
}

export interface TaskArgs {
  readonly place: Place;
  /** The job's name. */
  readonly job: string;
  /** Who it runs as. Needs to read the bucket. */
  readonly identity: Identity;
  /** The bucket to mount, where the code is. */
  readonly bucket: pulumi.Input<string>;
  /** Whether it writes to the mounted bucket. @default false */
  readonly writable?: boolean;
  readonly image: pulumi.Input<string>;
  /** Program to run. @default the image's own */
  readonly command?: string;
  readonly args: readonly pulumi.Input<string>[];
  readonly env: Readonly<Record<string, pulumi.Input<string>>>;
  /** Into how many tasks the work is split. @default 1 */
  readonly tasks?: number;
  readonly sizing: Sizing;
}

/** A Cloud Run job over the mounted bucket: something that runs to its end, when it is told to. */
export class Task extends pulumi.ComponentResource {
  /** The job's short name. */
  readonly jobName: pulumi.Output<string>;
  /** The job, as `projects/P/locations/R/jobs/J`. */
  readonly job: pulumi.Output<string>;
  /** Changes with what the job runs and by which settings. */
  readonly fingerprint: pulumi.Output<string>;

  constructor(name: string, args: TaskArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:runtime:Task", name, {}, opts);
    const { place, image, command, sizing, tasks = 1, writable = false } = args;
    const { project, region, labels } = place;
    const envs = Object.entries(args.env).map(([variable, value]) => ({ name: variable, value }));
    const run = { image, ...(command && { commands: [command] }), args: [...args.args], envs };
    const limits = { cpu: cpusFor(sizing.memory), memory: sizing.memory };
    const job = new gcp.cloudrunv2.Job(
      `${name}-job`,
      {
        project,
        location: region,
        name: args.job,
        labels,
        deletionProtection: false,
        template: {
          labels,
          taskCount: tasks,
          template: {
            serviceAccount: args.identity.email,
            maxRetries: sizing.retries,
            timeout: `${sizing.timeoutSeconds}s`,
            containers: [{ ...run, resources: { limits }, volumeMounts: [{ name: "bucket", mountPath: MOUNT }] }],
            // Objects make no folders of their own; the mount has to take them from the paths.
            volumes: [
              { name: "bucket", gcs: { bucket: args.bucket, readOnly: !writable, mountOptions: ["implicit-dirs"] } },
            ],
          },
        },
      },
      { ...childOf(this, opts), ...remadeAfterFailure },
    );
    this.jobName = job.name;
    this.job = pulumi.interpolate`projects/${project}/locations/${region}/jobs/${job.name}`;
    this.fingerprint = fingerprintOf(run, tasks);
    this.registerOutputs({ jobName: this.jobName, job: this.job, fingerprint: this.fingerprint });
  }
}

/** A short hash of values: the same for the same values. */
export function fingerprintOf(...values: pulumi.Input<unknown>[]): pulumi.Output<string> {
  return pulumi
    .output(values)
    .apply((known) => createHash("sha256").update(JSON.stringify(known)).digest("hex").slice(0, 16));
}

/** How long a run may take at most: every try of a task, and a start of the machines. */
export function longestRun({ retries, timeoutSeconds }: Sizing): number {
  return (retries + 1) * timeoutSeconds + 600;
}

/** The CPUs that Cloud Run asks for beside that much memory: one up to 4 GiB, and twice as many for each doubling. */
export function cpusFor(memory: string): string {
  const [, amount, unit] = /^(\d+)(Mi|Gi)$/.exec(memory) ?? [];
  const gib = Number(amount) / (unit === "Mi" ? 1024 : 1);
  return String([1, 2, 4, 8].find((cpus) => gib <= 4 * cpus) ?? 8);
}
