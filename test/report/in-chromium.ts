import type { Browser } from "playwright-core";
import { findChromium, howToGetChromium, startChromium } from "../support/chromium.ts";
import { type BuiltMarts, makeMarts } from "./marts.ts";

/** What the tests of a page have at hand. They change neither: a changed mart is a copy, a page has a context of its own. */
export interface Bench {
  readonly built: BuiltMarts;
  readonly browser: Browser;
}

/** Made once for all the files that ask for it: the marts take their seconds. */
let shared: Promise<Bench> | undefined;

after(async () => {
  await (await shared?.catch(() => undefined))?.browser.close();
});

async function makeBench(chromium: string): Promise<Bench> {
  const [built, browser] = await Promise.all([makeMarts(), startChromium(chromium)]);
  return { built, browser };
}

/**
 * Declares tests that need a browser and built marts. Without a browser they are skipped, and it is said how to get one; in continuous
 * integration that is a failure.
 */
export function inChromium(title: string, tests: (bench: () => Bench) => void): void {
  describe(title, function () {
    this.timeout(120_000);
    let bench: Bench | undefined;

    before(async function () {
      const chromium = findChromium();
      if (chromium === undefined) {
        if (process.env.CI) throw new Error(howToGetChromium);
        console.error(`      ${howToGetChromium}`);
        return this.skip();
      }
      shared ??= makeBench(chromium);
      bench = await shared;
    });

    tests(() => {
      if (bench === undefined) throw new Error("asked for before it was made");
      return bench;
    });
  });
}
