import { resolveFromCaller } from "../generator/caller-folder.ts";
import { runMain } from "../generator/errors.ts";
import { number, readOptions, text } from "../generator/options.ts";
import { recoverAddresses } from "./attack-hashes.ts";
import { LARGE_BUDGET, openAttackRoom, ways } from "./attack-room.ts";
import { sceneOf } from "./attack-scene.ts";
import { onTemplate } from "./attack-templates.ts";
import { attacks, byBudget, type Won } from "./attacks.ts";
import { installAll } from "./install-all.ts";
import { roomFile } from "./rehearsed-room.ts";
import { count, formatRows, step } from "./terminal.ts";

/*
 * `npm run attack`: tries the known attacks on a copy of the clean room that `npm start` made, in which the same view is shared under each
 * rule, and prints what each attack learns.
 */

const settings = {
  out: text("folder that npm start wrote to", ".local"),
  persons: number("number of persons to attack with each privacy budget", 30, { min: 2, max: 1000 }),
};

/** The epsilons of the budgets to compare. */
const BUDGETS = [1, 2, 3, 5, 10, LARGE_BUDGET];

async function main(): Promise<void> {
  const { persons, ...options } = readOptions(
    "npm run attack -- [settings]: attacks each rule of the clean room, and prints what an attacker learns",
    settings,
    process.argv.slice(2),
  );
  const out = resolveFromCaller(options.out);
  roomFile(out);
  installAll();
  const room = await step("copy of the clean room", async () => {
    const opened = await openAttackRoom(out);
    return [opened, "the same people shared under each rule"];
  });
  try {
    const scene = await sceneOf(room);
    const rows: string[][] = [];
    for (const attack of attacks) {
      const won = await step(attack.name, async () => {
        const outcomes: string[] = [];
        for (const way of ways) outcomes.push(inWords(await attack.run(scene, way)));
        outcomes.push(inWords(await (onTemplate[attack.name] as (typeof onTemplate)[string])(scene)));
        return [outcomes, attack.wants];
      });
      rows.push([attack.name, attack.wants, ...won]);
    }
    const budgets = await step("privacy budgets", async () => [
      await byBudget(scene, BUDGETS, persons),
      `${persons} persons, each attacked with a whole budget`,
    ]);
    const recovered = await step("hashed addresses", async () => [
      await recoverAddresses(scene),
      "a dictionary of names against the merchant's hashes",
    ]);
    console.log(`\nPersons about whom each attack finds the truth, by rule\n
${formatRows(["attack", "wants", ...ways, "query template"], rows)}

How often the best test is right about one person's tier, on all answers that a budget allows at epsilon 1 each (guessing: 50 %)\n
${formatRows(
  ["total epsilon", "right"],
  budgets.map(({ budget, right, of }) => [budget, `${Math.round((100 * right) / of)} %`]),
)}

Addresses recovered from hashes with a dictionary of names\n
${formatRows(
  ["hashes", "recovered"],
  recovered.map(({ hashes, right, of }) => [hashes, `${count(right)} of ${count(of)}`]),
)}`);
  } finally {
    await room.close();
  }
}

/** An outcome in a few words. */
function inWords({ right, of, byGuessing, refusedBy }: Won): string {
  if (refusedBy === "names") return "not in this room";
  if (refusedBy === "GoogleSQL") return "not possible";
  if (refusedBy !== undefined) return "refused";
  if (right === 0) return "nothing";
  const guessed = byGuessing === undefined || right === of ? "" : ` (guessing: ${count(byGuessing)})`;
  return `${count(right)} of ${count(of)}${guessed}`;
}

await runMain(main);
