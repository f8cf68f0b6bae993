import * as pulumi from "@pulumi/pulumi";
import { retryWhileApiIsOff } from "./retry.ts";

/** Where resources are created, and with which labels; all components take it. */
export interface Place {
  /** The project. Every resource names it, since a stack may span two projects. */
  readonly project: string;
  /** The location of data: a multi-region such as US, or a region. */
  readonly location: string;
  /** The region of jobs, functions and schedules, such as us-central1. */
  readonly region: string;
  /** The labels of every resource that takes labels. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The options of a component's child. The child waits for everything in the component's `dependsOn`: Pulumi applies that to the component
 * alone, which creates nothing. A Google resource is retried while its API is still starting.
 * @param after more resources that this child waits for
 */
export function childOf(
  parent: pulumi.ComponentResource,
  opts: pulumi.ComponentResourceOptions | undefined,
  after: pulumi.Resource[] = [],
): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions(
    { parent, ...retryWhileApiIsOff(), ...(opts?.dependsOn && { dependsOn: opts.dependsOn }) },
    { dependsOn: after },
  );
}

/**
 * For resources that Google creates in a long operation. If the operation fails, the resource is in the state, and an update would find
 * nothing to change. So replace it, and delete the failed one first, since both have the same name.
 */
export const remadeAfterFailure = { replaceOnChanges: ["#initerror"], deleteBeforeReplace: true };
