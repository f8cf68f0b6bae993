import { statSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { findChromium, howToGetChromium, startChromium } from "../support/chromium.ts";

const folder = fileURLToPath(new URL("../../.local/report/", import.meta.url));

/**
 * The pages of the last `npm start`: their size, and in the system's Chromium the time to the first paint, to the figures, and from a
 * click on a filter to the new layout.
 */
export async function benchReports() {
  const chromium = findChromium();
  if (chromium === undefined) return howToGetChromium;
  const browser = await startChromium(chromium);
  try {
    const results: Record<string, unknown> = {};
    for (const name of ["sales", "customers"]) {
      const file = `${folder}${name}.html`;
      const page = await browser.newPage({ viewport: { width: 1360, height: 900 } });
      await page.goto(pathToFileURL(file).href);
      await page.waitForSelector("body[data-ready]");
      const start = await page.evaluate(
        "({ firstPaintMs: performance.getEntriesByName('first-paint')[0]?.startTime, figuresMs: performance.now() })",
      );
      results[name] = { bytes: statSync(file).size, ...(start as object), filterMs: await filterTimes(page) };
      await page.close();
    }
    return results;
  } finally {
    await browser.close();
  }
}

/**
 * Presses each button of the bar and chooses two periods, five times over: the median of all, and that of the slowest one, so that what
 * else the machine does at the moment decides neither.
 */
async function filterTimes(page: Page): Promise<{ median: number; slowest: number }> {
  const rounds = (await page.evaluate(`(async () => {
    const time = async (act) => {
      const started = performance.now();
      act();
      document.body.getBoundingClientRect();
      const ms = performance.now() - started;
      await new Promise((resolve) => setTimeout(resolve, 60));
      return ms;
    };
    const period = document.querySelector("#period");
    const choose = (value) => () => { period.value = value; period.dispatchEvent(new Event("change")); };
    const chips = [...document.querySelectorAll(".bar .chip:not(.open-filters)")].map((chip) => () => chip.click());
    const rounds = [];
    for (let round = 0; round < 5; round++) {
      const times = [];
      for (const act of [...chips, choose(0), choose(4)]) times.push(await time(act));
      rounds.push(times);
    }
    return rounds;
  })()`)) as number[][];
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  const acts = (rounds[0] ?? []).map((_, act) => median(rounds.map((times) => times[act] ?? Number.NaN)));
  return { median: median(rounds.flat()), slowest: Math.max(...acts) };
}
