import * as pulumi from "@pulumi/pulumi";

const TRIES = 6;
const PAUSE_MS = 20_000;

/**
 * What a resource does when it is refused because a grant or an API that was just given has not reached all of Google, which takes up to
 * some minutes: it waits and is tried again. Only for what is refused at once: what was begun is there already, and a second create would
 * meet it and lose it from the state (see `remadeAfterFailure`).
 */
export function retryWhileRefused(name: string): pulumi.CustomResourceOptions {
  return retryWhile(name, isRefusal, "as happens while grants are on their way");
}

/**
 * Tries a resource again after a pause, some times.
 * @param passes whether an error goes away by itself
 * @param why for people, after "failed,"
 */
export function retryWhile(
  name: string,
  passes: (error: string) => boolean,
  why: string,
): pulumi.CustomResourceOptions {
  // Pulumi's mocks have no hooks, and refuse nothing.
  if (!("registerErrorHook" in (pulumi.runtime.getMonitor() ?? {}))) return {};
  const hook = new pulumi.ErrorHook(`${name}-waits`, async ({ errors }) => {
    if (errors.length >= TRIES || !passes(errors[0] ?? "")) return false;
    pulumi.log.info(`${name}: failed, ${why}; trying again in ${PAUSE_MS / 1000} s`);
    await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    return true;
  });
  return { hooks: { onError: [hook] } };
}

/** Whether an error of Google's says that a right is missing, or an API not yet in use, before anything was begun. */
export function isRefusal(error: string): boolean {
  if (/error waiting (to|for) creat/i.test(error)) return false;
  return /\b(error|code|status):? 403\b|permission|forbidden|access denied|has not been used in project/i.test(error);
}

/** Whether BigQuery does not know a service account yet (https://github.com/hashicorp/terraform-provider-google/issues/26429). */
export function isUnknownAccount(error: string): boolean {
  return /service account .* does not exist/i.test(error);
}

/** Whether something of that name is there still: what was deleted a moment ago may linger. */
export function isLingering(error: string): boolean {
  return /\b(error|code|status):? 409\b|already exists/i.test(error);
}

/** Whether something is not there yet: what an operation makes that nobody waits for. */
export function isMissing(error: string): boolean {
  return /\b(error|code|status):? 404\b|not found/i.test(error);
}
