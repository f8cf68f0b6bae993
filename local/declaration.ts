import { UserError } from "../generator/errors.ts";

/** What a file or an archive holds: a file of this machine, a text, or further ones by their path. */
export type Content =
  | { readonly file: string }
  | { readonly text: string }
  | { readonly files: Record<string, Content> };

/** A resource as the program declares it: plain data, with every input resolved. */
export interface Declared {
  readonly urn: string;
  /** Such as `gcp:storage/bucket:Bucket`. */
  readonly type: string;
  /** The name in the program, such as `coffee-bucket`. */
  readonly name: string;
  /** What the provider is given; secrets are unwrapped, assets and archives are `Content`. */
  readonly inputs: Record<string, unknown>;
  /** What the provider would answer, the inputs among it. */
  readonly outputs: Record<string, unknown>;
  /** URNs that have to be there first: by `dependsOn`, and by the outputs that the inputs are made of. */
  readonly dependencies: readonly string[];
  /** URN and id of the provider where the program chose one, else empty. */
  readonly provider: string;
}

/** All that a program declares, in an order in which nothing comes before what it depends on. */
export interface Declaration {
  readonly project: string;
  readonly resources: readonly Declared[];
}

/** How messages name a resource: the name of the real thing where it differs, the name in the program, and its type. */
export function called({ type, name, inputs }: Pick<Declared, "type" | "name" | "inputs">): string {
  const { tableId, datasetId, accountId, dataset, view, listingId, subscriptionId, dataExchangeId } = inputs;
  const table = tableId ? `${datasetId}.${tableId}` : view && `${dataset}.${view}`;
  const shared = listingId ?? subscriptionId ?? dataExchangeId;
  const real = inputs.name ?? table ?? datasetId ?? accountId ?? shared ?? name;
  return `${real} ("${name}", ${type})`;
}

/** An error that names the resource it is about. */
export function wrong(resource: Pick<Declared, "type" | "name" | "inputs">, message: string): UserError {
  return new UserError(`${called(resource)}: ${message}`);
}

/** A part of a resource's inputs, such as `template.template.containers`; undefined where any step of the path is missing. */
export function at<T>(inputs: unknown, path: string): T | undefined {
  let value: unknown = inputs;
  for (const step of path.split(".")) value = (value as Record<string, unknown> | undefined | null)?.[step];
  return (value ?? undefined) as T | undefined;
}

/** Like `at`, of something that the resource cannot be without. Throws UserError naming the resource and the path. */
export function need<T>(resource: Declared, path: string): T {
  const value = at<T>(resource.inputs, path);
  if (value === undefined || value === "") throw wrong(resource, `${path} is not set`);
  return value;
}

/** The URNs of everything that a resource waits for, directly or not. */
export function closureOf({ resources }: Declaration, resource: Declared): Set<string> {
  const byUrn = new Map(resources.map((each) => [each.urn, each]));
  const found = new Set<string>();
  const visit = (urn: string): void => {
    if (found.has(urn)) return;
    found.add(urn);
    for (const next of byUrn.get(urn)?.dependencies ?? []) visit(next);
  };
  for (const urn of resource.dependencies) visit(urn);
  return found;
}
