import { resolveFromCaller } from "../generator/caller-folder.ts";
import { runMain } from "../generator/errors.ts";
import { number, readOptions, text } from "../generator/options.ts";
import { recoverAddresses } from "./attack-hashes.ts";
import { LARGE_BUDGET, openAttackRoom, ways } from "./attack-room.ts";
import { sceneOf } from "./attack-scene.ts";
import { onTemplate } from "./attack-templates.ts";
import { type Outcomes, outcomesText } from "./attack-text.ts";
import { attacks, byBudget, type Won } from "./attacks.ts";
import { installAll } from "./install-all.ts";
import { roomFile } from "./rehearsed-room.ts";
import { count, formatRows, heading, step, wrap } from "./terminal.ts";

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
    const outcomes: Outcomes[] = [];
    for (const { name, wants, run } of attacks)
      outcomes.push(
        await step(name, async () => {
          const won: Won[] = [];
          for (const way of ways) won.push(await run(scene, way));
          won.push(await (onTemplate[name] as (typeof onTemplate)[string])(scene));
          return [{ attack: name, won }, wants];
        }),
      );
    const budgets = await step("privacy budgets", async () => [
      await byBudget(scene, BUDGETS, persons),
      `${persons} persons, each attacked with a whole budget`,
    ]);
    const recovered = await step("hashed addresses", async () => [
      await recoverAddresses(scene),
      "a dictionary of names against the merchant's hashes",
    ]);
    const rates = budgets.map(({ budget, right, of }) => [budget, `${Math.round((100 * right) / of)} %`]);
    const found = recovered.map(({ hashes, right, of }) => [hashes, `${count(right)} of ${count(of)}`]);
    heading("The people about whom each attack finds the truth, by the rule of the view");
    console.log(`\n${outcomesText(outcomes)}`);
    heading("How often an attacker who spends a whole budget on one person is right");
    console.log(
      `${wrap("By the best statistical test, at epsilon 1 for each answer. A blind guess is right half of the time.")}\n`,
    );
    console.log(formatRows(["total epsilon", "right"], rates, ""));
    heading("Addresses recovered from hashes with a dictionary of names");
    console.log(`\n${formatRows(["hashes", "recovered"], found, "")}`);
  } finally {
    await room.close();
  }
}

await runMain(main);
