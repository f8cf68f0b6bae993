import { UserError } from "../generator/errors.ts";
import { called, closureOf, type Declared, wrong } from "./declaration.ts";
import type { Access } from "./grants.ts";
import type { JobReport } from "./jobs.ts";
import type { Touch } from "./processes.ts";
import { declaredAs, type World } from "./world.ts";

/** The account that a job, function or schedule acts as. Throws UserError where it is none of the declared ones. */
export function accountOf(world: World, resource: Declared, email: string | undefined): string {
  if (!email)
    throw wrong(
      resource,
      "names no service account, so that it would act as the project's default one: declare its own",
    );
  if (!world.accounts.has(email)) throw wrong(resource, `acts as ${email}, and no such service account is declared`);
  return email;
}

/** Throws UserError that names the account, what it did, and the role to declare, unless it was granted that. */
export function checkGranted(world: World, by: Declared, account: string, on: string, access: Access): void {
  const missing = world.grants.missing(account, on, access);
  if (missing === undefined) return;
  const calls = /^(job|service)\//.test(on) ? "calls" : "writes to";
  const did = on.startsWith("project/") ? "runs queries in" : access === "read" ? "reads from" : calls;
  throw new UserError(
    `${called(by)} ${did} ${on} as ${account}, which was not granted it: declare ${missing.role} on ${on} for it`,
  );
}

/**
 * Throws UserError where the variables of a job or function look for BigQuery's data in a project or a location that no declared
 * dataset is in: here there is one warehouse for all, in the cloud they would not be found.
 */
export function checkWhere(world: World, by: Declared, env: Readonly<Record<string, string>>): void {
  const declared = [...world.datasets.values()].map(({ dataset }) => dataset.inputs);
  for (const [name, value] of Object.entries(env)) {
    const [, inUrl, at] =
      /^bigquery:\/\/([^/?]+)(?:\?location=([\w-]+))?/.exec(value.includes("://") ? value : "") ?? [];
    // A source in BigQuery names a dataset of somebody else's.
    const own = inUrl !== undefined && !/^bigquery:\/\/[^/?]+\/\w/.test(value);
    const project = own ? inUrl : /^(DBT_BIGQUERY_PROJECT|PROJECT_ID)$/.test(name) ? value : undefined;
    const location = own ? at : /^(DBT_BIGQUERY_)?LOCATION$/.test(name) ? value : undefined;
    const misses = (key: string, wanted: string | undefined) =>
      wanted !== undefined && declared.length > 0 && !declared.some((inputs) => inputs[key] === wanted);
    if (misses("project", project))
      throw wrong(by, `${name} is "${value}", and no dataset is declared in project ${project}`);
    if (misses("location", location))
      throw wrong(by, `${name} is "${value}", and no dataset is declared in ${location}`);
  }
}

/** Holds what a job's or function's process touched against what is declared, and what its account was granted. */
export function checkTouched(world: World, by: Declared, account: string, touched: readonly Touch[]): void {
  for (const { resource, access } of touched) {
    if (declaredAs(world, resource) === undefined)
      throw wrong(by, `${access === "read" ? "reads from" : "writes to"} ${resource}, which is not declared`);
    checkGranted(world, by, account, resource, access);
  }
  const queries = touched.some(({ resource }) => resource.startsWith("dataset/"));
  const projects = new Set([...world.datasets.values()].map(({ dataset }) => `project/${dataset.outputs.project}`));
  if (queries && ![...projects].some((project) => world.grants.missing(account, project, "write") === undefined))
    checkGranted(world, by, account, `project/${world.declaration.project}`, "write");
}

/**
 * Checks that a resource waits for what it needs: what was touched, the tables in it, the grants for it, and the objects that its
 * job is started with. Here everything is there before anything runs; in the cloud only what a resource depends on is sure to be.
 */
export function checkOrder(world: World, resource: Declared, { account, touched, objects }: JobReport): void {
  const before = closureOf(world.declaration, resource);
  const waitFor = (needed: Declared) => {
    if (!before.has(needed.urn))
      throw wrong(resource, `may run before ${called(needed)} is there: add that to its dependsOn`);
  };
  for (const object of objects) waitFor(object);
  for (const { resource: on, access } of touched) {
    for (const needed of declaredAs(world, on) ?? []) waitFor(needed);
    const grants = world.grants.allowing(account, on, access);
    if (!grants.some(({ urn }) => before.has(urn))) for (const grant of grants.slice(0, 1)) waitFor(grant);
  }
}
