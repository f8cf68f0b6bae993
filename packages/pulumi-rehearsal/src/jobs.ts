import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { Container, Done, JobReport, Lock, Mount, Rehearsal, Runner } from "./adapter.ts";
import { accountOf, checkEnvironment, checkGranted, checkRead, checkTouched } from "./checks.ts";
import { at, type Declared, need, wrong } from "./declaration.ts";
import { lastWords, nodeHook, type Running, stop, type Touch } from "./processes.ts";
import { bucketFolder, logFile, perRehearsal } from "./rehearsal.ts";

/** The arguments and variables that the caller of a job sets for one execution. */
export interface Overrides {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface ContainerInputs {
  readonly image: string;
  readonly commands?: string[];
  readonly args?: string[];
  readonly envs?: { name: string; value?: string; valueSource?: { secretKeyRef?: { secret: string } } }[];
  readonly volumeMounts?: { name: string; mountPath: string }[];
}
type VolumeInputs = { name: string; gcs?: { bucket: string; readOnly?: boolean } }[];

/**
 * Executes a Cloud Run job with the declared command, arguments and variables, and checks that its account was granted what it touched.
 * Throws UserError that names the job if it would fail in the cloud too.
 * @param execution the execution's short name
 * @param tell receives each line of output while the job runs
 */
export async function executeJob(
  rehearsal: Rehearsal,
  job: Declared,
  execution: string,
  overrides: Overrides,
  tell: (line: string) => void,
): Promise<JobReport> {
  const container = containerOf(rehearsal, job, execution, overrides);
  const { account, env } = container;
  const runner = runnerOf(rehearsal, container);
  const mounted = container.mounts.map(
    ({ bucket, readOnly }): Touch => ({ resource: `bucket/${bucket}`, access: readOnly ? "read" : "write" }),
  );
  for (const { resource, access } of mounted) checkGranted(rehearsal, job, account, resource, access);
  checkEnvironment(rehearsal, job, env);
  rehearsal.ran.add(job.urn);
  const done = await locked(rehearsal, container, () => runner.run(rehearsal, container, tell));
  const touched = [...mounted, ...done.touched];
  checkTouched(rehearsal, job, account, touched);
  return { lines: done.lines, touched, account, objects: objectsOf(rehearsal, container) };
}

/** Does the part of a job's work that needs no data, if its runner has one. Throws as `executeJob` does. */
export async function prepareJob(rehearsal: Rehearsal, job: Declared): Promise<void> {
  const container = containerOf(rehearsal, job, `${job.inputs.name}-prepared`, {});
  await runnerOf(rehearsal, container).prepare?.(rehearsal, container);
}

const nodeRunner: Runner = { matches: ({ command }) => command === "node", run: runNodeTasks };

function runnerOf({ adapters }: Rehearsal, container: Container): Runner {
  const runners = [...adapters.flatMap(({ runners = [] }) => runners), nodeRunner];
  const runner = runners.find((each) => each.matches(container));
  if (runner !== undefined) return runner;
  const { job, command, image } = container;
  throw wrong(
    job,
    `runs ${command ?? `the image ${image}`}, which no runner knows: use the command node, or an adapter with a runner for it`,
  );
}

/** The last holder of a lock who writes, and the readers after it. */
interface Holders {
  readonly writer: Promise<unknown>;
  readonly readers: Promise<unknown>[];
}

const holders = perRehearsal(() => new Map<string, Holders>());

/** Waits until no other container holds the same lock, then does the work. */
function locked<T>(rehearsal: Rehearsal, container: Container, work: () => Promise<T>): Promise<T> {
  const locks = rehearsal.adapters.flatMap(({ lock }) => lock?.(rehearsal, container) ?? []);
  return holding(rehearsal, locks, work);
}

/**
 * Waits for these locks, then does the work. Readers share a lock; a writer holds it alone. A job holds the locks that the adapters name for it.
 * @example
 * await holding(rehearsal, [{ name: "shop.sqlite" }], async () => createIndexes(file));
 * await holding(rehearsal, [{ name: "shop.sqlite", shared: true }], async () => countOrders(file));
 */
export function holding<T>(rehearsal: Rehearsal, locks: readonly Lock[], work: () => Promise<T>): Promise<T> {
  const held = holders(rehearsal);
  const earlier = locks.flatMap(({ name, shared }) => {
    const { writer, readers } = held.get(name) ?? nobody;
    return shared ? [writer] : [writer, ...readers];
  });
  const result = Promise.all(earlier).then(work);
  const over = result.catch(() => {});
  for (const { name, shared } of locks) {
    const { writer, readers } = held.get(name) ?? nobody;
    held.set(name, shared ? { writer, readers: [...readers, over] } : { writer: over, readers: [] });
  }
  return result;
}

const nobody: Holders = { writer: Promise.resolve(), readers: [] };

function containerOf(rehearsal: Rehearsal, job: Declared, execution: string, overrides: Overrides): Container {
  const account = accountOf(rehearsal, job, at(job.inputs, "template.template.serviceAccount"));
  const [declared, ...more] = need<ContainerInputs[]>(job, "template.template.containers");
  if (declared === undefined || more.length > 0)
    throw wrong(job, "has no container, or more than one: a rehearsal runs jobs with exactly one");
  const { image, commands: [command, ...fixed] = [], envs = [] } = declared;
  const mounts = mountsOf(rehearsal, job, declared);
  const here = (text: string) => mounts.reduce((result, mount) => onThisMachine(job, mount, result), text);

  const set = envs.map(({ name, value, valueSource }) => {
    const secret = valueSource?.secretKeyRef?.secret;
    if (secret !== undefined) {
      checkGranted(rehearsal, job, account, `secret/${secret.slice(secret.lastIndexOf("/") + 1)}`, "read");
      return [name, rehearsedSecret(secret)];
    }
    if (value === undefined)
      throw wrong(
        job,
        `its variable ${name} has no plain value and no secret, and a rehearsal can set no other: give it one`,
      );
    return [name, value];
  });
  const env: Record<string, string> = { ...Object.fromEntries(set), ...overrides.env };
  return {
    job,
    execution,
    account,
    image,
    command,
    args: [...fixed, ...(overrides.args ?? declared.args ?? [])].map(here),
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, here(value)])),
    mounts,
    log: logFile(rehearsal, String(job.inputs.name)),
  };
}

/** A value in place of a secret's, the same in each rehearsal. */
function rehearsedSecret(name: string): string {
  return createHash("sha256").update(`rehearsed ${name}`).digest("hex");
}

function mountsOf(rehearsal: Rehearsal, job: Declared, { volumeMounts = [] }: ContainerInputs): Mount[] {
  const volumes = at<VolumeInputs>(job.inputs, "template.template.volumes") ?? [];
  return volumeMounts.map(({ name, mountPath }) => {
    const gcs = volumes.find((volume) => volume.name === name)?.gcs;
    if (gcs === undefined)
      throw wrong(job, `mounts the volume ${name} at ${mountPath}, but declares no such volume of a bucket`);
    const { bucket, readOnly = false } = gcs;
    if (!rehearsal.touchable.has(`bucket/${bucket}`))
      throw wrong(job, `mounts the bucket ${bucket}, which is not declared`);
    return { path: mountPath, bucket, folder: bucketFolder(rehearsal, bucket), readOnly };
  });
}

/**
 * Replaces the mount's path in an argument or a variable by the bucket's folder. Throws UserError if a path in a read-only mount names
 * no object of the bucket.
 */
function onThisMachine(job: Declared, { path, folder, bucket, readOnly }: Mount, text: string): string {
  const from = text.startsWith(`${path}/`) || text === path ? 0 : text.indexOf(`=${path}/`) + 1;
  if (from === 0 && !text.startsWith(path)) return text;
  const inside = text.slice(from + path.length + 1);
  if (readOnly && !existsSync(join(folder, inside)))
    throw wrong(job, `needs ${text.slice(from)}, but no object ${inside} is declared in the bucket ${bucket}`);
  return `${text.slice(0, from)}${join(folder, inside)}`;
}

/** The declared objects whose path, or a folder of whose path, is in a container's arguments or variables. */
function objectsOf({ declaration }: Rehearsal, { args, env, mounts }: Container): Declared[] {
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

/** Runs the declared number of tasks, each in its own process. Runs as many at a time as declared, but not more than there are cores. */
async function runNodeTasks(rehearsal: Rehearsal, container: Container, tell: (line: string) => void): Promise<Done> {
  const { job } = container;
  const count = Number(at(job.inputs, "template.taskCount") ?? 1);
  const parallel = Number(at(job.inputs, "template.parallelism") || count);
  const waiting = Array.from({ length: count }, (_, index) => index);
  const tasks: Running[] = [];
  const work = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift())
      tasks.push(await runTask(rehearsal, container, { index, count }, tell));
  };
  await Promise.all(Array.from({ length: Math.min(parallel, count, availableParallelism()) }, work));
  const unread = Object.keys(container.env).filter((name) => !tasks.some(({ read }) => read.has(name)));
  checkRead(job, unread);
  return { lines: tasks.flatMap(({ lines }) => lines), touched: tasks.flatMap(({ touched }) => touched) };
}

async function runTask(
  rehearsal: Rehearsal,
  { job, execution, account, args, env, log }: Container,
  task: { index: number; count: number },
  tell: (line: string) => void,
): Promise<Running> {
  const running = rehearsal.processes.start({
    command: process.execPath,
    args: ["--import", nodeHook, ...args],
    env: {
      ...env,
      ...surroundings(rehearsal, account, Object.keys(env)),
      ...rehearsal.deployEnv,
      CLOUD_RUN_EXECUTION: execution,
      CLOUD_RUN_TASK_INDEX: String(task.index),
      CLOUD_RUN_TASK_COUNT: String(task.count),
    },
    log,
    onLine: tell,
  });
  const seconds = Number.parseFloat(at<string>(job.inputs, "template.template.timeout") ?? "600s");
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop(running);
  }, seconds * 1000);
  const code = await running.ended.finally(() => clearTimeout(timer));
  // Check the grants first: a missing one explains more than the exit code.
  checkTouched(rehearsal, job, account, running.touched);
  if (late) throw wrong(job, `was not done after ${seconds} s, its timeout: set a longer one\nIts output: ${log}`);
  if (code !== 0)
    throw wrong(job, `failed with exit code ${code ?? "of a signal"}: ${lastWords(running.lines)}\nIts output: ${log}`);
  return running;
}

/** The variables that every Node process of a rehearsal gets in addition to its declared ones. */
export function surroundings(
  rehearsal: Rehearsal,
  account: string,
  declared: readonly string[],
): Record<string, string> {
  const { out, env, runAdmin, adapters } = rehearsal;
  return {
    ...env,
    ...Object.assign({}, ...adapters.map(({ variables }) => variables?.(rehearsal, account))),
    REHEARSAL: pathToFileURL(out).href,
    REHEARSAL_ENV: declared.join(","),
    REHEARSAL_PACKAGES: JSON.stringify(Object.assign({}, ...adapters.map(({ packages }) => packages))),
    // The token of a call is the caller's e-mail address: run-admin-server.ts checks its grants.
    GOOGLE_OAUTH_ACCESS_TOKEN: account,
    ...(runAdmin !== undefined && { GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: runAdmin }),
  };
}
