import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { unknownCheckingProxy } from "@pulumi/policy";
import { policies } from "../../policy/rules.ts";

/** A resource as a rule sees it. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly props: Record<string, unknown>;
  readonly stack?: string;
  readonly protect?: boolean;
}

/** Pulumi's placeholder for a string that stays unknown until the `up`. */
export const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function seen({
  type,
  name,
  props,
  stack = "dev",
  protect = false,
}: Resource): ResourceValidationArgs & PolicyResource {
  return {
    type,
    name,
    props: unknownCheckingProxy(props),
    urn: `urn:pulumi:${stack}::gcp-data-demos::${type}::${name}`,
    opts: {
      protect,
      ignoreChanges: [],
      aliases: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      additionalSecretOutputs: [],
    },
    dependencies: [],
    propertyDependencies: {},
    stackTags: new Map(),
    isType: () => false,
    asType: () => undefined,
    getConfig: <T extends object>() => ({}) as T,
    notApplicable: () => {
      throw new Error("a rule called notApplicable");
    },
  };
}

/** Runs all rules, or the one named `only`, on a stack. Returns every violation as `rule: message`. */
export async function violations(resources: readonly Resource[], only?: string): Promise<string[]> {
  const found: string[] = [];
  const chosen = policies.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0) throw new Error(`there is no rule ${only}`);
  for (const policy of chosen) {
    const report = (message: string) => found.push(`${policy.name}: ${message}`);
    const { validateResource } = policy as ResourceValidationPolicy;
    for (const resource of resources)
      for (const validate of [validateResource ?? []].flat()) await validate(seen(resource), report);
    const { validateStack } = policy as StackValidationPolicy;
    await validateStack?.({ ...seen({ type: "", name: "", props: {} }), resources: resources.map(seen) }, report);
  }
  return found;
}

export const ruleNames = policies.map(({ name }) => name);
export const levels = policies.map(({ enforcementLevel }) => enforcementLevel);
