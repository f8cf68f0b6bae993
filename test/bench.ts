/* `npm run bench`: the speed of what is heavy, as one JSON document. Figures only; no test depends on them. */

import { installAll } from "../local/install-all.ts";

const [argument] = process.argv.slice(2);
if (argument === "--help") {
  console.log(`npm run bench: measures the speed of all heavy steps, which takes some minutes,
and prints one JSON document`);
  process.exit(0);
}
if (argument !== undefined) {
  console.error("error: npm run bench takes no arguments: it always measures everything");
  process.exit(1);
}

installAll();
// Imported only now, because loading what they measure takes seconds.
const { benchCoffee, coffeeReference } = await import("./bench/coffee.ts");
const { benchNight } = await import("./bench/night.ts");
const { benchWallet } = await import("./bench/wallet.ts");
const { benchCleanRoom } = await import("./bench/clean-room.ts");
const { benchReports } = await import("./bench/report.ts");

const coffee = await benchCoffee();
const night = await benchNight();
const wallet = await benchWallet();
const cleanRoom = await benchCleanRoom();
const reports = await benchReports();
console.log(
  JSON.stringify({ node: process.version, coffee, coffeeReference, night, wallet, cleanRoom, reports }, null, 2),
);
