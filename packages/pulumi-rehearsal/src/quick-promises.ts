import { createRequire } from "node:module";

/*
 * Pulumi records a stack trace for every promise, to name those that a program leaves open. That takes half of the time of an evaluation,
 * and only PULUMI_DEBUG_PROMISE_LEAKS ever prints it.
 */

type MakeDebuggable = (...args: unknown[]) => unknown;

/** Keeps Pulumi from recording a stack trace for every promise of this process. Does nothing if Pulumi has no such function. */
export function skipPromiseTraces(): void {
  if (process.env.PULUMI_DEBUG_PROMISE_LEAKS) return;
  const pulumi = loadDebuggable();
  const make = pulumi?.debuggablePromise;
  if (pulumi === undefined || make === undefined || make.name === quick.name) return;
  pulumi.debuggablePromise = quick;

  function quick(...args: unknown[]): unknown {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return make?.(...args);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }
}

function loadDebuggable(): { debuggablePromise?: MakeDebuggable } | undefined {
  try {
    return createRequire(import.meta.url)("@pulumi/pulumi/runtime/debuggable.js");
  } catch {
    return undefined;
  }
}
