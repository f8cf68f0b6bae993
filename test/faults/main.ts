import { wrapTo } from "../../generator/wrap.ts";
import { installAll } from "../../local/install-all.ts";
import type { Kind } from "./fault.ts";

/*
 * `npm run faults`: injects faults of every kind, and checks that the last good data survives. Prints each fault that was lost, and for
 * each kind how many were tried and survived. Exit code 1 if one is lost.
 *
 *   npm run faults                        all of them, in about ten minutes
 *   npm run faults -- "corrupt inputs"    one kind
 *   npm run faults -- --sample            a few of each kind
 */

const flags = ["--sample", "--verbose"];
/** The kinds by name. Each is imported when its faults are injected, because that takes seconds. */
const kinds: Readonly<Record<string, () => Promise<Kind>>> = {
  "replacing results": async () => (await import("./swap.ts")).swaps,
  kills: async () => (await import("./kills.ts")).kills,
  "steps of the night": async () => (await import("./night.ts")).nights,
  "corrupt inputs": async () => (await import("./corrupt.ts")).corruptInputs,
  "Google's answers": async () => (await import("./clients.ts")).clients,
};
const names = Object.keys(kinds);
const listed = names.map((name) => `"${name}"`).join(", ");

if (process.argv.includes("--help")) {
  console.log(`npm run faults -- [KIND...] [settings]: injects faults, and checks that
the last good data survives
  KIND             ${wrapTo(80, listed, " ".repeat(19)).trimStart()}
  --sample         only a few of each kind; all take about ten minutes
  --verbose        also name each fault that was survived`);
  process.exit(0);
}
const unknownFlag = process.argv.slice(2).find((each) => each.startsWith("--") && !flags.includes(each));
if (unknownFlag !== undefined) {
  console.error(`error: ${unknownFlag} is not a setting: use ${flags.join(" or ")}`);
  process.exit(1);
}
const asked = process.argv.slice(2).filter((each) => !each.startsWith("--"));
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`error: unknown kind ${unknown.join(", ")}: use ${listed}`);
  process.exit(1);
}
installAll("--test");
const sample = process.argv.includes("--sample");
const verbose = process.argv.includes("--verbose");

let lost = 0;
const started = performance.now();
for (const name of names.filter((each) => asked.length === 0 || asked.includes(each))) {
  const kind = await kinds[name]?.();
  if (kind === undefined || (sample && kind.isSlow)) continue;
  let tried = 0;
  let survived = 0;
  const began = performance.now();
  await kind.run(sample, ({ name: fault, lost: reason }) => {
    tried++;
    if (reason === undefined) survived++;
    if (reason !== undefined) console.log(`  lost: ${fault}: ${reason}`);
    else if (verbose) console.log(`  ${fault}`);
  });
  lost += tried - survived;
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`${name}: tried ${tried}, survived ${survived} (${seconds} s). ${kind.holds}.`);
}
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
console.log(lost === 0 ? `All survived, in ${minutes} minutes.` : `${lost} lost, in ${minutes} minutes.`);
process.exitCode = lost === 0 ? 0 : 1;
