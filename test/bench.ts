import { benchCleanRoom } from "./bench/clean-room.ts";
import { benchCoffee, coffeeReference } from "./bench/coffee.ts";
import { benchNight } from "./bench/night.ts";
import { benchReports } from "./bench/report.ts";
import { benchWallet } from "./bench/wallet.ts";

if (process.argv.length > 2) {
  console.error(
    "error: npm run bench takes no arguments: it measures everything, in some minutes, and prints one JSON document",
  );
  process.exit(1);
}

/** `npm run bench`: the speed of what is heavy, as one JSON document. Figures only; no test depends on them. */
const coffee = await benchCoffee();
const night = await benchNight();
const wallet = await benchWallet();
const cleanRoom = await benchCleanRoom();
const reports = await benchReports();
console.log(
  JSON.stringify({ node: process.version, coffee, coffeeReference, night, wallet, cleanRoom, reports }, null, 2),
);
