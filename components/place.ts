import * as pulumi from "@pulumi/pulumi";

/** Where resources are, and how they are marked: the same in all components. */
export interface Place {
  /** The project, named on every resource: a stack may span two. */
  readonly project: string;
  /** Where data is: a multi-region such as US, or a region. */
  readonly location: string;
  /** Where what runs is, such as us-central1. */
  readonly region: string;
  /** On every resource that takes labels. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The options of a component's child. What the component depends on, its children depend on: Pulumi itself applies a component's
 * `dependsOn` to the component alone, which makes nothing.
 * @param after what this child waits for beside that
 */
export function childOf(
  parent: pulumi.ComponentResource,
  opts: pulumi.ComponentResourceOptions | undefined,
  after: pulumi.Resource[] = [],
): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions(
    { parent, ...(opts?.dependsOn && { dependsOn: opts.dependsOn }) },
    after.length > 0 ? { dependsOn: after } : {},
  );
}

/**
 * For what Google makes in a long operation. One that failed is in the state, and an update would find nothing to change: it is made
 * anew instead, the failed one deleted first since both have one name.
 */
export const remadeAfterFailure = { replaceOnChanges: ["#initerror"], deleteBeforeReplace: true };
