import * as pulumi from "@pulumi/pulumi";
import { skipPromiseTraces } from "pulumi-rehearsal/quick-promises";

/** The exit code that tells Pulumi's language host that the reason of a failure has been shown already. */
const TOLD_ALREADY = 32;

/** Whether Pulumi's engine runs this program, and not its mocks, as in the rehearsal. Mocks support no hooks. */
export function isUnderEngine(): boolean {
  return "registerErrorHook" in (pulumi.runtime.getMonitor() ?? {});
}

/** Prepares the process in which Pulumi runs this program. Call it before the first resource. */
export function prepareForPulumi(): void {
  if (!isUnderEngine()) return;
  skipPromiseTraces();
  // Pulumi looks each line of a stack trace up in the source maps of its own code, which takes a second. Our TypeScript runs as it is and
  // needs no source maps, so use Node's plain stack traces.
  Reflect.deleteProperty(Error, "prepareStackTrace");
  // When a resource fails, the engine shows why and stops answering. Each waiting resource is then rejected, and Pulumi would print these
  // rejections as errors of the program, with stack traces that hide the reason. So end the process first.
  process.prependListener("unhandledRejection", (error) => {
    if (/resource monitor (shut down|is terminating)/i.test(String(error))) process.exit(TOLD_ALREADY);
  });
}
