import * as pulumi from "@pulumi/pulumi";
import { isUnderEngine } from "../under-pulumi.ts";

const PAUSE_MS = 20_000;
const TRIES = 6;
/** Google asks to wait "a few minutes" for an API that was just enabled. */
const TRIES_FOR_API = 16;

/**
 * Retries a resource that Google refuses because a new grant or API has not taken effect yet, which can take minutes. Only for a
 * refusal before anything was created: otherwise the second create would find that the resource exists, and the state would lose it (see
 * `remadeAfterFailure`).
 */
export function retryWhileRefused(name: string): pulumi.CustomResourceOptions {
  return retryWhile(name, isRefusal, "as happens while grants are on their way");
}

/**
 * Retries a resource a few times, with a pause before each.
 * @param passes whether an error goes away by itself
 * @param why the reason to show, after "failed,"
 */
export function retryWhile(
  name: string,
  passes: (error: string) => boolean,
  why: string,
): pulumi.CustomResourceOptions {
  if (!isUnderEngine()) return {};
  const hook = new pulumi.ErrorHook(`${name}-waits`, async ({ errors }) => {
    const [error = ""] = errors;
    if (errors.length >= (isApiOff(error) ? TRIES_FOR_API : TRIES) || !passes(error)) return false;
    await wait(name, why);
    return true;
  });
  return { hooks: { onError: [hook] } };
}

const apiHooks = new WeakMap<object, pulumi.ErrorHook>();

/**
 * Retries a Google resource while its API, enabled a moment ago, still answers that it is off. One hook serves all resources. It does not
 * retry a resource that Google created and then refused to read: a second create would find it there.
 */
export function retryWhileApiIsOff(): pulumi.CustomResourceOptions {
  if (!isUnderEngine()) return {};
  const monitor = pulumi.runtime.getMonitor() ?? {};
  const hook =
    apiHooks.get(monitor) ??
    new pulumi.ErrorHook("api-waits", async ({ errors, name, type }) => {
      const [error = ""] = errors;
      if (errors.length >= TRIES_FOR_API || !type.startsWith("gcp:")) return false;
      if (!isApiOff(error) || /error (when )?reading/i.test(error)) return false;
      await wait(name, "as happens while an API that was just enabled is starting");
      return true;
    });
  apiHooks.set(monitor, hook);
  return { hooks: { onError: [hook] } };
}

async function wait(name: string, why: string): Promise<void> {
  pulumi.log.info(`${name}: failed, ${why}; trying again in ${PAUSE_MS / 1000} s`);
  await new Promise((resume) => setTimeout(resume, PAUSE_MS));
}

/** Whether Google says that an API is not enabled in a project, or not yet. A missing quota project has the same reason, and stays missing. */
export function isApiOff(error: string): boolean {
  if (/requires a quota project/i.test(error)) return false;
  return /has not been used in project|SERVICE_DISABLED|accessNotConfigured/i.test(error);
}

/** Whether an error says that a permission is missing or an API is off, before Google created anything. */
export function isRefusal(error: string): boolean {
  if (/error waiting (to|for) creat|requires a quota project/i.test(error)) return false;
  return isApiOff(error) || /\b(error|code|status):? 403\b|permission|forbidden|access denied/i.test(error);
}

/** Whether an error says that BigQuery does not know a new service account yet (https://github.com/hashicorp/terraform-provider-google/issues/26429). */
export function isUnknownAccount(error: string): boolean {
  return /service account .* does not exist/i.test(error);
}

/** Whether an error says that the name is taken, perhaps by a resource that was deleted a moment ago. */
export function isLingering(error: string): boolean {
  return /\b(error|code|status):? 409\b|already exists/i.test(error);
}

/** Whether an error says that something does not exist, perhaps because its creation has not ended. */
export function isMissing(error: string): boolean {
  return /\b(error|code|status):? 404\b|not found/i.test(error);
}
