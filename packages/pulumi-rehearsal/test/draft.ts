import { closureOf, type Declaration, type Declared } from "../src/index.ts";

/** A declaration that a test can change. */
export interface Draft {
  readonly project: string;
  readonly resources: { -readonly [K in keyof Declared]: Declared[K] }[];
}

/** Copies the resources with these names in the program, and all resources that they depend on. */
export function partOf(declaration: Declaration, ...names: string[]): Draft {
  const roots = declaration.resources.filter(({ name }) => names.includes(name));
  if (roots.length < names.length) throw new Error(`not all of ${names} are declared`);
  const urns = new Set(roots.flatMap((root) => [root.urn, ...closureOf(declaration, root)]));
  const resources = declaration.resources.filter(({ urn }) => urns.has(urn));
  return structuredClone({ ...declaration, resources }) as Draft;
}

/** Finds the only resource of a type whose inputs have these values. */
export function find(draft: Draft, type: string, inputs: Record<string, unknown> = {}): Draft["resources"][number] {
  const found = draft.resources.filter(
    (each) => each.type === type && Object.entries(inputs).every(([key, value]) => each.inputs[key] === value),
  );
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`${found.length} resources are ${type} with ${JSON.stringify(inputs)}`);
  return only;
}

/** Removes a resource, as if the program did not declare it. */
export function forget(draft: Draft, resource: Declared): void {
  draft.resources.splice(draft.resources.indexOf(resource as Draft["resources"][number]), 1);
}
