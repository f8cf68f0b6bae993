import { UserError } from "./errors.ts";

/** The content of a file or an archive: the path of a file on this machine, a text, or an archive's files by their paths in it. */
export type Content =
  | { readonly file: string }
  | { readonly text: string }
  | { readonly files: Record<string, Content> };

/** A resource that the program declares, as plain data with every input resolved. */
export interface Declared {
  readonly urn: string;
  /** Pulumi's type token, such as `gcp:storage/bucket:Bucket`. */
  readonly type: string;
  /** The name in the program, such as `lake-bucket`. */
  readonly name: string;
  /** The inputs that the provider receives. Secrets are unwrapped. Assets and archives are `Content`. */
  readonly inputs: Record<string, unknown>;
  /** The inputs, and what the cloud adds to them. */
  readonly outputs: Record<string, unknown>;
  /** URNs of the resources that must exist first: those in `dependsOn`, and those whose outputs are used in the inputs. */
  readonly dependencies: readonly string[];
  /** URN and id of the provider if the program chose one, otherwise empty. */
  readonly provider: string;
}

/** Everything that a program declares. Each resource comes after those that it depends on. */
export interface Declaration {
  readonly project: string;
  readonly resources: readonly Declared[];
}

/**
 * The words by which messages name a resource: its name in the cloud, its name in the program, and its type.
 * @example
 * called(bucket); // shop-bucket ("bucket", gcp:storage/bucket:Bucket)
 */
export function called({ type, name, inputs }: Pick<Declared, "type" | "name" | "inputs">): string {
  const { tableId, datasetId, accountId, dataset, view, listingId, subscriptionId, dataExchangeId } = inputs;
  const table = tableId ? `${datasetId}.${tableId}` : view && `${dataset}.${view}`;
  const shared = listingId ?? subscriptionId ?? dataExchangeId;
  const real = inputs.name ?? table ?? datasetId ?? accountId ?? shared ?? name;
  return `${real} ("${name}", ${type})`;
}

/**
 * Makes an error whose message starts with the resource's name.
 * @example
 * throw wrong(bucket, `"${name}" is not a bucket name`);
 */
export function wrong(resource: Pick<Declared, "type" | "name" | "inputs">, message: string): UserError {
  return new UserError(`${called(resource)}: ${message}`);
}

/**
 * Reads a nested value. Returns undefined if any step of the path is missing.
 * @example
 * at<string>(job.inputs, "template.template.serviceAccount");
 */
export function at<T>(inputs: unknown, path: string): T | undefined {
  let value: unknown = inputs;
  for (const step of path.split(".")) value = (value as Record<string, unknown> | undefined | null)?.[step];
  return (value ?? undefined) as T | undefined;
}

/**
 * Reads a nested input that the resource must have. Throws UserError with the resource and the path if it is missing or empty.
 * @example
 * need<string>(bucket, "name");
 */
export function need<T>(resource: Declared, path: string): T {
  const value = at<T>(resource.inputs, path);
  if (value === undefined || value === "") throw wrong(resource, `${path} is not set`);
  return value;
}

/**
 * The URNs of all resources that a resource depends on, directly or through others.
 * @example
 * if (!closureOf(declaration, job).has(bucket.urn)) throw wrong(job, "may run before its bucket exists");
 */
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
