import type { JobReport, Rehearsal } from "./adapter.ts";
import { called, closureOf, type Declared, wrong } from "./declaration.ts";
import { UserError } from "./errors.ts";
import type { Access } from "./grants.ts";
import type { Touch } from "./processes.ts";

/** Returns the service account of a job, function or schedule. Throws UserError if it names none, or one that is not declared. */
export function accountOf(rehearsal: Rehearsal, resource: Declared, email: string | undefined): string {
  if (!email)
    throw wrong(
      resource,
      "names no service account and would run as the project's default one: declare an account for it",
    );
  if (!rehearsal.accounts.has(email))
    throw wrong(resource, `acts as ${email}, but no such service account is declared`);
  return email;
}

/**
 * Throws UserError unless an account has a grant. The message names the job or function, the account, and the role to declare.
 * @param on the thing that it touches, such as `bucket/NAME`
 * @example
 * checkGranted(rehearsal, job, "seller@cafe.iam.gserviceaccount.com", "topic/orders", "write");
 */
export function checkGranted(rehearsal: Rehearsal, by: Declared, account: string, on: string, access: Access): void {
  const missing = rehearsal.grants.missing(account, on, access);
  if (missing === undefined) return;
  throw new UserError(
    `${called(by)} ${rehearsal.grants.verb(on, access)} ${on} as ${account}, which has no grant for it: declare ${missing.role} on ${on} for that account`,
  );
}

/** The thing that a process touched a part of: the bucket of a folder. */
function thingOf(resource: string): string {
  return resource.split("/").slice(0, 2).join("/");
}

/** Throws UserError unless everything that a process touched is declared, and its account was granted each access. */
export function checkTouched(rehearsal: Rehearsal, by: Declared, account: string, touched: readonly Touch[]): void {
  for (const { resource, access } of touched) {
    if (!rehearsal.touchable.has(thingOf(resource)))
      throw wrong(by, `${rehearsal.grants.verb(resource, access)} ${resource}, which is not declared`);
    checkGranted(rehearsal, by, account, resource, access);
  }
  for (const adapter of rehearsal.adapters) adapter.checkTouched?.(rehearsal, by, account, touched);
}

/**
 * Throws UserError unless a resource that runs a job depends on everything that the job used: the things that it touched, the grants
 * for them, and the objects that its command names. In a rehearsal all of these exist before anything runs. In the cloud only the
 * dependencies certainly do. The message names the resource to add to `dependsOn`.
 * @example
 * byItsProvider({ after: (rehearsal, run, { execution }) => checkOrder(rehearsal, run, rehearsal.executions.get(execution).report) });
 */
export function checkOrder(
  rehearsal: Rehearsal,
  resource: Declared,
  { account, touched, objects }: Pick<JobReport, "account" | "touched" | "objects">,
): void {
  const before = closureOf(rehearsal.declaration, resource);
  const waitFor = (needed: Declared) => {
    if (!before.has(needed.urn))
      throw wrong(resource, `may run before ${called(needed)} exists: add that to its dependsOn`);
  };
  for (const object of objects) waitFor(object);
  for (const { resource: on, access } of touched) {
    for (const needed of rehearsal.touchable.get(thingOf(on)) ?? []) waitFor(needed);
    const grants = rehearsal.grants.allowing(account, on, access);
    if (!grants.some(({ urn }) => before.has(urn))) for (const grant of grants.slice(0, 1)) waitFor(grant);
  }
}

/** Lets each adapter check the variables of a job or function. Throws UserError. */
export function checkEnvironment(rehearsal: Rehearsal, by: Declared, env: Readonly<Record<string, string>>): void {
  for (const adapter of rehearsal.adapters) adapter.checkEnvironment?.(rehearsal, by, env);
}

/**
 * Throws UserError if a job or function declares variables that its process never read. Ignores those that start with `NODE_`.
 * @example
 * checkRead(job, declaredNames.filter((name) => !readNames.has(name)));
 */
export function checkRead(resource: Declared, unread: readonly string[]): void {
  const names = unread.filter((name) => !name.startsWith("NODE_"));
  if (names.length > 0)
    throw wrong(resource, `declares ${names.join(", ")}, which its program never reads: is the name misspelt?`);
}

/** Throws UserError if nothing has run a declared job or function, as when a schedule has the wrong target. */
export function checkAllRan({ jobs, functions, ran }: Rehearsal): void {
  const idle = [...jobs.values(), ...functions.values()].filter(({ urn }) => !ran.has(urn));
  if (idle.length === 0) return;
  const names = idle.map((each) => `  ${called(each)}`).join("\n");
  throw new UserError(
    `no declared resource runs these:\n${names}\nAdd a schedule that runs them, or correct a schedule's target`,
  );
}
