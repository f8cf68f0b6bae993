import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate, rehearse } from "pulumi-rehearsal";
import { otherParty } from "../../cleanroom/party.ts";
import { templates } from "../../cleanroom/templates.ts";
import { readUseCases } from "../../cleanroom/use-cases.ts";
import { adapters } from "../../local/adapters.ts";
import { openRehearsedRoom } from "../../local/rehearsed-room.ts";
import { partOf } from "../../packages/pulumi-rehearsal/test/draft.ts";
import { readPulumiYaml } from "../../pulumi-yaml.ts";

export interface CleanRoomBench {
  /** From the files to a room that answers: the analyser loaded, for one party. */
  readonly firstAnswerSeconds: number;
  /** Parse, names, types, rules and translation of the queries, warm, each in a text that was not asked before: milliseconds a query. */
  readonly checkMilliseconds: number;
  readonly checkAtWorstMilliseconds: number;
  /** All use cases on thelook at its size of 100,000 users, warm. */
  readonly useCasesSeconds: number;
  /** The four questions of the original demo, and an example of each query template. */
  readonly demoAndTemplatesSeconds: number;
  readonly useCases: Readonly<Record<string, number>>;
}

/** Measures the clean room at thelook's size: how long a query's check takes, and the use cases. */
export async function benchCleanRoom(): Promise<CleanRoomBench> {
  const { program, defaults } = readPulumiYaml(new URL("../../Pulumi.yaml", import.meta.url));
  const declaration = await evaluate(() => import("../../index.ts"), {
    project: "demo-project",
    program,
    config: defaults,
    adapters,
  });
  const sharing = declaration.resources.map(({ name }) => name).filter((name) => name.startsWith("clean-room-"));
  const out = await mkdtemp(join(tmpdir(), "bench-clean-room-"));
  try {
    const part = partOf(declaration, "parties-filled", ...sharing);
    await rehearse(part, { out, adapters, env: { REHEARSAL_THELOOK: "synthetic:" } });
    return await measure(out);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

async function measure(out: string): Promise<CleanRoomBench> {
  const useCases = [
    ...readUseCases(),
    ...templates.map(({ name, owner, example }) => ({ name, party: otherParty(owner), sql: example() })),
  ];
  const room = await openRehearsedRoom(out);
  try {
    const started = performance.now();
    await room.ask("merchant", "SELECT 1 AS one");
    const firstAnswerSeconds = since(started);
    const ask = ({ party, sql }: (typeof useCases)[number]) => room.ask(party, sql).catch(() => {});
    for (const useCase of useCases) await ask(useCase);
    const seconds: Record<string, number> = {};
    for (const useCase of useCases) {
      const began = performance.now();
      await ask(useCase);
      seconds[useCase.name] = since(began);
    }
    const checks: number[] = [];
    for (let time = 0; time < 20; time++)
      for (const { party, sql } of useCases) {
        const began = performance.now();
        await room.check(party, `${sql}\n-- ${time}`).catch(() => {});
        checks.push(performance.now() - began);
      }
    return {
      firstAnswerSeconds,
      checkMilliseconds: checks.reduce((sum, each) => sum + each, 0) / checks.length,
      checkAtWorstMilliseconds: Math.max(...checks),
      useCasesSeconds: sum(seconds, readUseCases()),
      demoAndTemplatesSeconds: sum(seconds, [...readUseCases().slice(0, 4), ...templates]),
      useCases: seconds,
    };
  } finally {
    await room.close();
  }
}

function sum(seconds: Readonly<Record<string, number>>, of: readonly { readonly name: string }[]): number {
  return of.reduce((total, { name }) => total + (seconds[name] ?? 0), 0);
}

function since(started: number): number {
  return (performance.now() - started) / 1000;
}
