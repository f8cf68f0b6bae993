import type { Browser } from "playwright-core";
import { findChromium, howToGetChromium, startChromium } from "../support/chromium.ts";
import { type BuiltMarts, makeMarts } from "./marts.ts";

/** Shared by the tests of pages, which must not change it: they change copies of the marts, and open pages in new contexts. */
export interface Bench {
  readonly built: BuiltMarts;
  readonly browser: Browser;
}

/**
 * Declares tests that need a browser and built marts. Without a browser it skips them and prints how to get one; with CI set, it fails.
 */
export function inChromium(title: string, tests: (bench: () => Bench) => void): void {
  describe(title, function () {
    this.timeout(600_000);
    let bench: Bench | undefined;

    before(async function () {
      const chromium = findChromium();
      if (chromium === undefined) {
        if (process.env.CI) throw new Error(howToGetChromium);
        console.error(`      ${howToGetChromium}`);
        return this.skip();
      }
      const [built, browser] = await Promise.all([makeMarts(), startChromium(chromium)]);
      bench = { built, browser };
    });
    after(() => bench?.browser.close());

    tests(() => {
      if (bench === undefined) throw new Error("the bench was used before it was made");
      return bench;
    });
  });
}
