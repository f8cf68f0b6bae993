import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DbtServer } from "../../local/dbt-server.ts";
import { closureOf, type Declaration, type Declared } from "../../local/declaration.ts";
import { evaluate } from "../../local/evaluate.ts";
import { rehearse } from "../../local/rehearse.ts";
import { readPulumiYaml } from "../../local/settings.ts";

let times = 0;

/** What `index.ts` declares, with settings that make little data. */
export async function declareStack(): Promise<Declaration> {
  const { program, defaults } = readPulumiYaml(new URL("../../Pulumi.yaml", import.meta.url));
  const config = { ...defaults, [`${program}:days`]: "20", [`${program}:scale`]: "0.02" };
  // By a name of its own each time: a module runs once.
  const load = () => import(`${new URL("../../index.ts", import.meta.url).href}?time=${++times}`);
  return evaluate(load, { project: "demo-project", program, config });
}

/** A declaration that may be changed, as plain data may. */
export interface Draft {
  readonly project: string;
  readonly resources: { -readonly [K in keyof Declared]: Declared[K] }[];
}

/** A copy of the resources of some names, as the program calls them, and of all that these depend on; others are left out. */
export function partOf(declaration: Declaration, ...names: string[]): Draft {
  const roots = declaration.resources.filter(({ name }) => names.includes(name));
  if (roots.length < names.length) throw new Error(`not all of ${names} are declared`);
  const urns = new Set(roots.flatMap((root) => [root.urn, ...closureOf(declaration, root)]));
  const resources = declaration.resources.filter(({ urn }) => urns.has(urn));
  return structuredClone({ ...declaration, resources }) as Draft;
}

/** The one resource of a type whose inputs have these values. */
export function find(draft: Draft, type: string, inputs: Record<string, unknown> = {}): Draft["resources"][number] {
  const found = draft.resources.filter(
    (each) => each.type === type && Object.entries(inputs).every(([key, value]) => each.inputs[key] === value),
  );
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`${found.length} resources are ${type} with ${JSON.stringify(inputs)}`);
  return only;
}

/** Leaves a resource out, as if it had been forgotten. */
export function forget(draft: Draft, resource: Declared): void {
  draft.resources.splice(draft.resources.indexOf(resource as Draft["resources"][number]), 1);
}

/** Rehearses a declaration in a folder of its own, which is removed again. */
export async function rehearsed(draft: Declaration): Promise<void> {
  const out = await mkdtemp(join(tmpdir(), "rehearsal-"));
  const dbt = new DbtServer();
  try {
    await rehearse(draft, { out, dbt, thelook: "synthetic:", until: "2026-06-30" });
  } finally {
    dbt.stop();
    await rm(out, { recursive: true, force: true });
  }
}
