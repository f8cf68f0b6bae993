import { pathToFileURL } from "node:url";
import { resolveFromCaller } from "./caller-folder.ts";
import { parseDay } from "./coffee/calendar.ts";
import { FIRST_DAY, LAST_DAY, LIVING_SCALE, MAX_SCALE } from "./coffee/shop-settings.ts";
import { UserError } from "./errors.ts";
import { number, type Option } from "./options.ts";
import { DIRT_SHARE } from "./thelook/synthetic-values.ts";
import { walletDefaults } from "./wallet/wallet.ts";

export const seed = number("seed of everything random: the same seed gives the same rows", 42, {
  min: 0,
  max: 0xffffffff,
  env: "SEED",
});
const size = { above: 0, max: MAX_SCALE, whole: false, env: "SCALE" } as const;
/** The size of the coffee shops, see `LIVING_SCALE`. */
export const scale = number(`size of the coffee shops: at ${LIVING_SCALE} a shop has about 220 orders a day`, 2, size);
/** The size of the synthetic thelook. */
export const thelookScale = number("size of the synthetic thelook, 1 being that of the public dataset", 1, size);

const until: Option<string | undefined> = {
  help: "last day, YYYY-MM-DD; by default yesterday in Kyiv",
  default: undefined,
  env: "UNTIL",
  parse: (given) => {
    if (parseDay(given) !== undefined && given >= FIRST_DAY && given <= LAST_DAY) return given;
    throw `a day from ${FIRST_DAY} to ${LAST_DAY}, as YYYY-MM-DD`;
  },
};

/** The coffee shop's settings; `npm start` takes them too. */
export const coffeeOptions = {
  seed,
  until,
  days: number(`how many days, by default all since ${FIRST_DAY}`, undefined, { min: 1, env: "DAYS" }),
  scale,
};

/** How dirty the synthetic thelook is. */
export const dirtShare = number(
  "share of the synthetic thelook's orders that lack their items; 0 for clean files",
  DIRT_SHARE,
  {
    min: 0,
    max: 1,
    whole: false,
    env: "DIRT_SHARE",
  },
);

/** The settings of the e-wallet. */
export const walletOptions = {
  walletShare: number("share of the adult customers who have a wallet", walletDefaults.walletShare, {
    min: 0,
    max: 1,
    whole: false,
    env: "WALLET_SHARE",
  }),
  premiumFrom: number("USD paid with a wallet from which it is Premium", walletDefaults.premiumFrom, {
    min: 0,
    whole: false,
    env: "PREMIUM_FROM",
  }),
  businessFrom: number("USD paid with a wallet from which it is Business", walletDefaults.businessFrom, {
    min: 0,
    whole: false,
    env: "BUSINESS_FROM",
  }),
  discrepancyShare: number(
    "share of the wallet's payments that disagree with their order",
    walletDefaults.discrepancyShare,
    { min: 0, max: 1, whole: false, env: "DISCREPANCY_SHARE" },
  ),
};

/** Throws UserError unless Business begins above Premium. */
export function checkTiers({ premiumFrom, businessFrom }: { premiumFrom: number; businessFrom: number }): void {
  if (businessFrom > premiumFrom) return;
  throw new UserError(
    `BUSINESS_FROM is ${businessFrom} and PREMIUM_FROM is ${premiumFrom}: set BUSINESS_FROM above PREMIUM_FROM`,
  );
}

/**
 * The `file:` URL of a folder, resolved like `resolveFromCaller`.
 * @throws UserError for an address such as gs://BUCKET, which would become a folder called gs:
 */
export function folderUrl(path: string): string {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path))
    throw new UserError(`${path} is an address: name a folder of this machine (download an input first)`);
  return pathToFileURL(resolveFromCaller(path)).href;
}

/** Yesterday in Kyiv, `YYYY-MM-DD`. The generator reads the clock only here, and only for a default. */
export function yesterdayInKyiv(now = Date.now()): string {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/Kyiv" }).format(now);
  return new Date(Date.parse(today) - 24 * 3600 * 1000).toISOString().slice(0, 10);
}
