import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kind, Tried } from "./fault.ts";
import { runFile, startFile, until } from "./processes.ts";
import { RESULTS } from "./swap-worker.ts";

/** The change that links the first result: the swap begins there. */
export const LINK = 11;
const worker = "test/faults/swap-worker.ts";

/**
 * Kills a run before each of its changes to the file system, one after the other, until one survives. After each kill, the folder must
 * show the results of one run and nothing of another.
 * @param from the first change to kill before
 * @param most the number of kills, if fewer are enough
 */
export async function killWithinSwap(out: string, from = 1, most = Number.POSITIVE_INFINITY): Promise<Tried[]> {
  const first = await runFile(worker, [out, "0", "100000"]);
  if (first.code !== 0) return [{ name: "the first run", lost: first.output }];
  const tried: Tried[] = [];
  let shown = "0";
  for (let step = from; tried.length < most; step++) {
    const text = String(step);
    const { code, output } = await runFile(worker, [out, text, text]);
    if (code === 0) break;
    const found = await shownIn(out);
    const whole =
      found.texts.every((each) => each === found.texts[0]) && [shown, text].includes(String(found.texts[0]));
    const lost =
      code !== "SIGKILL"
        ? `ended with ${code}: ${output}`
        : whole && found.own === found.texts[0]
          ? undefined
          : `the folder shows ${JSON.stringify(found)} after ${shown}`;
    tried.push({ name: `npm start, killed before change ${step} of the folder`, lost });
    shown = String(found.texts[0]);
  }
  return tried;
}

/** The text of each result, and of the one that only its run has. */
async function shownIn(out: string) {
  const read = (name: string) => readFile(join(out, name), "utf8").catch(() => "missing");
  const texts = await Promise.all(RESULTS.map(read));
  const others = (await readdir(out)).filter((name) => name.startsWith("only-"));
  const own = (await Promise.all(others.map(read))).filter((text) => text !== "missing");
  return { texts, own: own.join() };
}

/** Starts several runs at the same moment, after one that was killed. Returns how many of them held the folder's lock. */
export async function winnersOf(out: string, count: number): Promise<number> {
  await runFile(worker, [out, "killed", "5"]);
  const workers = Array.from({ length: count }, (_, index) => startFile(worker, [out, `winner ${index}`]));
  const each = (said: RegExp) => Promise.all(workers.map(({ output }) => until(() => said.test(output()), 60_000)));
  await each(/^ready$/m);
  for (const { child } of workers) child.stdin?.write("go\n");
  // The worker that holds the lock keeps it until all have tried to take it.
  await each(/^(in$|error: )/m);
  for (const { child } of workers) child.stdin?.write("end\n");
  await Promise.all(workers.map(({ ended }) => ended));
  return workers.filter((each) => each.output().includes("in\n")).length;
}

export const swaps: Kind = {
  holds: "The folder shows the results of one whole run",
  async run(sample, tell) {
    const folder = await mkdtemp(join(tmpdir(), "faults-"));
    for (const tried of await killWithinSwap(join(folder, "swap"), ...(sample ? [LINK, 4] : []))) tell(tried);
    for (let trial = 1; trial <= (sample ? 1 : 8); trial++) {
      const winners = await winnersOf(join(folder, "race"), 3);
      const lost = winners === 1 ? undefined : `${winners} of them held the lock`;
      tell({ name: `three runs at once after a killed one, trial ${trial}`, lost });
    }
    await rm(folder, { recursive: true, force: true });
  },
};
