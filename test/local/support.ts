import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Declaration, evaluate, rehearse } from "pulumi-rehearsal";
import { adapters } from "../../local/adapters.ts";
import { dbtJobs } from "../../local/dbt-job.ts";
import { DbtServer } from "../../local/dbt-server.ts";
import { readPulumiYaml } from "../../pulumi-yaml.ts";

let times = 0;

/** Evaluates `index.ts` with settings that make little data. @param more other settings, by name */
export async function declareStack(more: Readonly<Record<string, string>> = {}): Promise<Declaration> {
  const { program, defaults } = readPulumiYaml(new URL("../../Pulumi.yaml", import.meta.url));
  const config = { ...defaults, [`${program}:days`]: "20", [`${program}:scale`]: "0.05" };
  for (const [name, value] of Object.entries(more)) Object.assign(config, { [`${program}:${name}`]: value });
  // A new URL each time, because a module runs once.
  const load = () => import(`${new URL("../../index.ts", import.meta.url).href}?time=${++times}`);
  return evaluate(load, { project: "demo-project", program, config, adapters });
}

/** Rehearses a declaration in a temporary folder. */
export async function rehearsed(draft: Declaration): Promise<void> {
  const out = await mkdtemp(join(tmpdir(), "rehearsal-"));
  const dbt = new DbtServer();
  try {
    const env = { REHEARSAL_THELOOK: "synthetic:", UNTIL: "2026-06-30" };
    await rehearse(draft, { out, adapters: [...adapters, dbtJobs(dbt)], env });
  } finally {
    dbt.stop();
    await rm(out, { recursive: true, force: true });
  }
}
