import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { accountOf, checkGranted, checkTouched, checkWhere } from "./accounts.ts";
import { prepareDbtJob, runDbtJob } from "./dbt-job.ts";
import { at, type Declared, need, wrong } from "./declaration.ts";
import { lastWords, nodeHook, stop, type Touch } from "./processes.ts";
import { bucketFolder, logFile, type World } from "./world.ts";

/** What whoever starts a job may set for one execution. */
export interface Overrides {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A job as its task's process is started here. */
export interface Container {
  readonly job: Declared;
  /** The program and its arguments, with paths of this machine. */
  readonly command: string;
  readonly args: readonly string[];
  /** The declared variables, with paths of this machine. */
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly log: string;
}

interface Mount {
  readonly path: string;
  readonly bucket: string;
  readonly folder: string;
  readonly readOnly: boolean;
}

/** What an execution did. */
export interface JobReport {
  /** What its tasks said, in lines. */
  readonly lines: readonly string[];
  readonly touched: readonly Touch[];
  readonly account: string;
  /** The declared objects that its arguments and variables name. */
  readonly objects: readonly Declared[];
}

interface ContainerInputs {
  readonly image: string;
  readonly commands?: string[];
  readonly args?: string[];
  readonly envs?: { name: string; value?: string }[];
  readonly volumeMounts?: { name: string; mountPath: string }[];
}
type VolumeInputs = { name: string; gcs?: { bucket: string; readOnly?: boolean } }[];

/**
 * Executes a declared Cloud Run job: a process a task, of the declared command, arguments and environment, held against what the
 * job's account was granted. Throws UserError that names the job for what cannot work in the cloud either.
 */
export async function executeJob(
  world: World,
  job: Declared,
  overrides: Overrides = {},
  onLine?: (line: string) => void,
): Promise<JobReport> {
  const account = accountOf(world, job, at(job.inputs, "template.template.serviceAccount"));
  const container = containerOf(world, job, overrides);
  const mounted = container.mounts.map(
    ({ bucket, readOnly }): Touch => ({
      resource: `bucket/${bucket}`,
      access: readOnly ? "read" : "write",
    }),
  );
  for (const { resource, access } of mounted) checkGranted(world, job, account, resource, access);

  checkWhere(world, job, container.env);
  world.rehearsed.add(job.urn);
  const work = () =>
    container.command === "dbt"
      ? runDbtJob(world, container, (done, total) => onLine?.(`${Math.floor((100 * done) / Math.max(total, 1))} %`))
      : runNodeTasks(world, container, account, onLine);
  const queries = container.command === "dbt" || Object.values(container.env).some(isWarehouse);
  const done = await (queries ? world.inWarehouse(work) : work());
  const touched = [...mounted, ...done.touched];
  checkTouched(world, job, account, touched);
  return { lines: done.lines, touched, account, objects: objectsOf(world, container) };
}

const isWarehouse = (value: string) => value.startsWith("bigquery://");

/** Does ahead of a job's execution what needs none of its data. Throws as `executeJob` does. */
export async function prepareJob(world: World, job: Declared): Promise<void> {
  const container = containerOf(world, job, {});
  if (container.command === "dbt") await prepareDbtJob(world, container);
}

function containerOf(world: World, job: Declared, overrides: Overrides): Container {
  const [declared, ...more] = need<ContainerInputs[]>(job, "template.template.containers");
  if (declared === undefined || more.length > 0) throw wrong(job, "has not exactly one container");
  const mounts = mountsOf(world, job, declared);
  const here = (text: string) => mounts.reduce((result, mount) => onThisMachine(job, mount, result), text);
  const command = declared.commands?.[0] ?? (/\bdbt\b/.test(declared.image) ? "dbt" : undefined);
  if (command !== "node" && command !== "dbt")
    throw wrong(
      job,
      `runs ${command ?? `the image ${declared.image}`}, which the rehearsal cannot: it knows node and dbt`,
    );

  const unset = (declared.envs ?? []).find(({ value }) => value === undefined);
  if (unset) throw wrong(job, `its variable ${unset.name} has no plain value, which is all that the rehearsal knows`);
  const set = (declared.envs ?? []).map(({ name, value }) => [name, String(value)]);
  const env: Record<string, string> = { ...Object.fromEntries(set), ...overrides.env };
  return {
    job,
    command,
    args: [...(declared.commands ?? []).slice(1), ...(overrides.args ?? declared.args ?? [])].map(here),
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, here(value)])),
    mounts,
    log: logFile(world, String(job.inputs.name)),
  };
}

function mountsOf(world: World, job: Declared, { volumeMounts = [] }: ContainerInputs): Mount[] {
  const volumes = at<VolumeInputs>(job.inputs, "template.template.volumes") ?? [];
  return volumeMounts.map(({ name, mountPath }) => {
    const gcs = volumes.find((volume) => volume.name === name)?.gcs;
    if (gcs === undefined)
      throw wrong(job, `mounts the volume ${name} at ${mountPath}, and has no such volume of a bucket`);
    const { bucket, readOnly = false } = gcs;
    if (!world.buckets.has(bucket)) throw wrong(job, `mounts the bucket ${bucket}, which is not declared`);
    return { path: mountPath, bucket, folder: bucketFolder(world, bucket), readOnly };
  });
}

/** A text with the mount's path replaced by the bucket's folder. A file to be run or read has to be there. */
function onThisMachine(job: Declared, { path, folder, bucket, readOnly }: Mount, text: string): string {
  const from = text.startsWith(`${path}/`) || text === path ? 0 : text.indexOf(`=${path}/`) + 1;
  if (from === 0 && !text.startsWith(path)) return text;
  const inside = text.slice(from + path.length + 1);
  if (readOnly && !existsSync(join(folder, inside)))
    throw wrong(job, `needs ${text.slice(from)}, and no object ${inside} is declared in the bucket ${bucket}`);
  return `${text.slice(0, from)}${join(folder, inside)}`;
}

function objectsOf({ declaration }: World, { args, env, mounts }: Container): Declared[] {
  const named = (folder: string, name: string) =>
    [...args, ...Object.values(env)].some((text) => {
      const path = text.slice(text.indexOf(folder));
      return path === join(folder, name) || join(folder, name).startsWith(`${path}${sep}`);
    });
  return declaration.resources.filter(
    ({ type, inputs }) =>
      type === "gcp:storage/bucketObject:BucketObject" &&
      mounts.some(({ bucket, folder }) => bucket === inputs.bucket && named(folder, String(inputs.name))),
  );
}

async function runNodeTasks(world: World, container: Container, account: string, onLine?: (line: string) => void) {
  const { job } = container;
  const count = Number(at(job.inputs, "template.taskCount") ?? 1);
  const parallel = Number(at(job.inputs, "template.parallelism") || count);
  const waiting = Array.from({ length: count }, (_, index) => index);
  const reports: { lines: string[]; touched: Touch[]; read: Set<string> }[] = [];
  const work = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift())
      reports.push(await runTask(world, container, account, { index, count }, onLine));
  };
  await Promise.all(Array.from({ length: Math.min(parallel, count, availableParallelism()) }, work));
  const unread = Object.keys(container.env).filter((name) => !reports.some(({ read }) => read.has(name)));
  checkRead(job, unread);
  return { lines: reports.flatMap(({ lines }) => lines), touched: reports.flatMap(({ touched }) => touched) };
}

async function runTask(
  world: World,
  { job, args, env, log }: Container,
  account: string,
  task: { index: number; count: number },
  onLine?: (line: string) => void,
) {
  const running = world.processes.start({
    command: process.execPath,
    args: ["--import", nodeHook, ...args],
    env: {
      ...env,
      ...surroundings(world, account, Object.keys(env)),
      CLOUD_RUN_TASK_INDEX: String(task.index),
      CLOUD_RUN_TASK_COUNT: String(task.count),
    },
    log,
    ...(onLine && { onLine }),
  });
  const seconds = Number.parseFloat(at<string>(job.inputs, "template.template.timeout") ?? "600s");
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop(running);
  }, seconds * 1000);
  const code = await running.ended.finally(() => clearTimeout(timer));
  // A grant that is missing explains more than what came of it.
  checkTouched(world, job, account, running.touched);
  if (late) throw wrong(job, `was not done after ${seconds} s, its timeout\nIts output: ${log}`);
  if (code !== 0)
    throw wrong(job, `failed with exit code ${code ?? "of a signal"}: ${lastWords(running.lines)}\nIts output: ${log}`);
  return running;
}

/** What every Node process of the rehearsal is given beside its declared environment. */
export function surroundings(world: World, account: string, declared: readonly string[]): Record<string, string> {
  const { thelook, until } = world.surroundings;
  return {
    REHEARSAL: pathToFileURL(world.out).href,
    REHEARSAL_THELOOK: thelook,
    REHEARSAL_ENV: declared.join(","),
    GOOGLE_OAUTH_ACCESS_TOKEN: account,
    ...(world.runAdmin !== undefined && { GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: world.runAdmin }),
    ...(until !== undefined && { UNTIL: until }),
  };
}

/** Throws UserError where a job or function declares variables that its process never asked for. */
export function checkRead(resource: Declared, unread: readonly string[]): void {
  const names = unread.filter((name) => !name.startsWith("NODE_"));
  if (names.length > 0)
    throw wrong(resource, `declares ${names.join(", ")}, which what it runs never reads: is the name misspelt?`);
}
