import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { runMain, UserError } from "../../generator/errors.ts";
import { findChromium, howToGetChromium, startChromium } from "../support/chromium.ts";
import { openPage } from "./pages.ts";

/* `npm run screenshots`: README's pictures of the reports, of the pages that the last `npm start` made. */

const reports = fileURLToPath(new URL("../../.local/report/", import.meta.url));
const pictures = fileURLToPath(new URL("../../docs/images/", import.meta.url));

async function main(): Promise<void> {
  if (process.argv.length > 2)
    throw new UserError(
      "npm run screenshots takes no settings: it makes the pictures in docs/images anew, of the reports in .local/report",
    );
  const chromium = findChromium();
  if (chromium === undefined) throw new UserError(howToGetChromium);
  if (!existsSync(`${reports}index.html`))
    throw new UserError(`there are no reports in ${reports}: npm start makes them`);
  await mkdir(pictures, { recursive: true });
  const browser = await startChromium(chromium);
  try {
    for (const name of ["sales", "customers", "clean-room"] as const) {
      if (!existsSync(`${reports}${name}.html`)) continue;
      const { page } = await openPage(browser, reports, name, { viewport: { width: 1280, height: 1000 } });
      await page.screenshot({ path: `${pictures}${name}.png` });
      console.log(`docs/images/${name}.png`);
      await page.context().close();
    }
  } finally {
    await browser.close();
  }
}

await runMain(main);
