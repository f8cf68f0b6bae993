import * as pulumi from "@pulumi/pulumi";

const TRIES = 6;
const PAUSE_MS = 20_000;

/**
 * What a resource does when it is refused because a grant or an API that was just given has not reached all of Google, which takes up to
 * some minutes: it waits and is tried again. Only for what is refused at once: what was begun is there already, and a second create would
 * meet it and lose it from the state (see `remadeAfterFailure`).
 */
export function retryWhileRefused(name: string): pulumi.CustomResourceOptions {
  // Pulumi's mocks have no hooks, and refuse nothing.
  if (!("registerErrorHook" in (pulumi.runtime.getMonitor() ?? {}))) return {};
  const hook = new pulumi.ErrorHook(`${name}-refused`, async ({ errors }) => {
    if (errors.length >= TRIES || !isRefusal(errors[0] ?? "")) return false;
    pulumi.log.info(`${name}: refused, as happens while grants are on their way; trying again in ${PAUSE_MS / 1000} s`);
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
