import { createHash } from "node:crypto";
import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { MOUNT, OUTPUT_MOUNT } from "../names.ts";
import type { Identity } from "./identity.ts";
import { childOf, type Place, remadeAfterFailure } from "./place.ts";
import { retryWhileRefused } from "./retry.ts";

/** The size and the limits of jobs, from the settings. */
export interface Sizing {
  /** Memory of a task, such as `1Gi`. */
  readonly memory: string;
  /** How many times Cloud Run retries a failed task. */
  readonly retries: number;
  /** How long one attempt of a task may take, in seconds. */
  readonly timeoutSeconds: number;
}

export interface JobArgs {
  /** Project, region and labels of the job. */
  readonly place: Place;
  /** The job's name. */
  readonly jobName: string;
  /** The account that the job runs as. It must be allowed to read the bucket. */
  readonly identity: Identity;
  /** The bucket that holds the code, mounted read-only at `/mnt/bucket`. */
  readonly bucket: pulumi.Input<string>;
  /** A bucket that the job writes to, mounted at `/mnt/output`. @default none */
  readonly output?: pulumi.Input<string>;
  /** The container image. */
  readonly image: pulumi.Input<string>;
  /** The program to run, and its first arguments, which no run overrides. @default the image's own program */
  readonly command?: readonly pulumi.Input<string>[];
  /** The program's arguments. */
  readonly args: readonly pulumi.Input<string>[];
  /** The program's environment variables. */
  readonly env: Readonly<Record<string, pulumi.Input<string>>>;
  /** Environment variables whose values Cloud Run reads from Secret Manager: by variable, the name of a secret in the job's project. @default none */
  readonly secrets?: Readonly<Record<string, string>>;
  /** A fingerprint of the code that the job runs, for the job's own fingerprint. @default none */
  readonly codeFingerprint?: string;
  /** Parts of `command` and `args` to leave out of the job's fingerprint, because code that the job does not run changes them too. @default none */
  readonly notInFingerprint?: readonly pulumi.Input<string>[];
  /** How many tasks the work is split into. @default 1 */
  readonly tasks?: number;
  /** Memory, retries and time limit of each task. */
  readonly sizing: Sizing;
}

/** A Cloud Run job that runs a program from the mounted bucket until it ends. */
export class Job extends pulumi.ComponentResource {
  /** The job's short name. */
  readonly jobName: pulumi.Output<string>;
  /** The job's full name, `projects/P/locations/R/jobs/J`. */
  readonly fullName: pulumi.Output<string>;
  /** A hash of the program, its code, its arguments, its environment and the number of tasks. */
  readonly fingerprint: pulumi.Output<string>;

  constructor(name: string, args: JobArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:google:Job", name, {}, opts);
    const { place, image, command, sizing, tasks = 1, output } = args;
    const { project, region, labels } = place;
    const secrets = Object.entries(args.secrets ?? {}).map(([variable, secret]) => ({
      name: variable,
      valueSource: { secretKeyRef: { secret, version: "latest" } },
    }));
    const envs = [...Object.entries(args.env).map(([variable, value]) => ({ name: variable, value })), ...secrets];
    const run = { image, ...(command && { commands: [...command] }), args: [...args.args], envs };
    const mounts = [
      { name: "bucket", mountPath: MOUNT, bucket: args.bucket, readOnly: true },
      ...(output === undefined ? [] : [{ name: "output", mountPath: OUTPUT_MOUNT, bucket: output, readOnly: false }]),
    ];
    const limits = { cpu: cpusFor(sizing.memory), memory: sizing.memory };
    const job = new gcp.cloudrunv2.Job(
      `${name}-job`,
      {
        project,
        location: region,
        name: args.jobName,
        labels,
        deletionProtection: false,
        template: {
          labels,
          taskCount: tasks,
          template: {
            serviceAccount: args.identity.email,
            maxRetries: sizing.retries,
            timeout: `${sizing.timeoutSeconds}s`,
            containers: [
              {
                ...run,
                resources: { limits },
                volumeMounts: mounts.map(({ name, mountPath }) => ({ name, mountPath })),
              },
            ],
            // A bucket has no folders of its own: the mount derives them from the objects' names.
            volumes: mounts.map(({ name, bucket, readOnly }) => ({
              name,
              gcs: { bucket, readOnly, mountOptions: ["implicit-dirs"] },
            })),
          },
        },
      },
      { ...childOf(this, opts), ...retryWhileRefused(`${name}-job`), ...remadeAfterFailure },
    );
    this.jobName = job.name;
    this.fullName = pulumi.interpolate`projects/${project}/locations/${region}/jobs/${job.name}`;
    const leftOut = pulumi.all([...(args.notInFingerprint ?? [])]);
    this.fingerprint = pulumi.all([pulumi.output(run), leftOut]).apply(([known, without]) => {
      const counts = (arg: string) => !without.includes(arg);
      const counted = { ...known, commands: known.commands?.filter(counts) ?? [], args: known.args.filter(counts) };
      return hashOf(JSON.stringify([counted, tasks, args.codeFingerprint]));
    });
    const { jobName, fullName, fingerprint } = this;
    this.registerOutputs({ jobName, fullName, fingerprint });
  }
}

/** A short hash of values: equal values have equal hashes. */
export function fingerprintOf(...values: pulumi.Input<unknown>[]): pulumi.Output<string> {
  return pulumi.output(values).apply((known) => hashOf(JSON.stringify(known)));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** The most seconds that a run can take: all attempts of a task, and ten minutes for Google to start the machines. */
export function longestRun({ retries, timeoutSeconds }: Sizing): number {
  return (retries + 1) * timeoutSeconds + 600;
}

/** The number of CPUs that Cloud Run requires for that much memory: one up to 4 GiB, and twice as many for each doubling. */
export function cpusFor(memory: string): string {
  const [, amount, unit] = /^(\d+)(Mi|Gi)$/.exec(memory) ?? [];
  const gib = Number(amount) / (unit === "Mi" ? 1024 : 1);
  return String([1, 2, 4, 8].find((cpus) => gib <= 4 * cpus) ?? 8);
}
