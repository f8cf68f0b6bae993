import { benchCleanRoom } from "./bench/clean-room.ts";
import { benchCoffee, coffeeReference } from "./bench/coffee.ts";
import { benchReports } from "./bench/report.ts";
import { benchWallet } from "./bench/wallet.ts";

/** `npm run bench`: the speed of what is heavy, as one JSON document. Figures only; no test depends on them. */
const coffee = await benchCoffee();
const wallet = await benchWallet();
const cleanRoom = await benchCleanRoom();
const reports = await benchReports();
console.log(JSON.stringify({ node: process.version, coffee, coffeeReference, wallet, cleanRoom, reports }, null, 2));
