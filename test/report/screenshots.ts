import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { runMain, UserError } from "../../generator/errors.ts";
import { pageFiles } from "../../local/room/page-files.ts";
import { startRoomServer } from "../../local/room/server.ts";
import { openSession } from "../../local/room/session.ts";
import { findChromium, howToGetChromium, startChromium } from "../support/chromium.ts";
import { openPage } from "./pages.ts";

/* `npm run screenshots` takes README's pictures of the pages that the last `npm start` made. */

const rehearsal = fileURLToPath(new URL("../../.local", import.meta.url));
const reports = fileURLToPath(new URL("../../.local/report/", import.meta.url));
const pictures = fileURLToPath(new URL("../../docs/images/", import.meta.url));

async function main(): Promise<void> {
  if (process.argv.length > 2)
    throw new UserError(
      "npm run screenshots takes no arguments: it replaces the pictures in docs/images by new ones of .local/report",
    );
  const chromium = findChromium();
  if (chromium === undefined) throw new UserError(howToGetChromium);
  if (!existsSync(`${reports}index.html`))
    throw new UserError(`there are no reports in ${reports}: make them with npm start`);
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
    await takeOverview(browser);
    await takeRoom(browser);
  } finally {
    await browser.close();
  }
}

/** README's first picture: the sales report with the clean room's in front of it. */
async function takeOverview(browser: Awaited<ReturnType<typeof startChromium>>): Promise<void> {
  const url = async (name: string) => `data:image/png;base64,${await readFile(`${pictures}${name}.png`, "base64")}`;
  const style =
    "position:absolute;width:820px;border:1px solid #d8d0c4;border-radius:10px;box-shadow:0 10px 36px #0003";
  const page = await browser.newPage({ viewport: { width: 1280, height: 700 } });
  await page.setContent(`<body style="margin:0;background:#fff;overflow:hidden">
    <img style="${style};left:24px;top:20px" src="${await url("sales")}">
    <img style="${style};left:436px;top:84px" src="${await url("clean-room")}">`);
  await page.screenshot({ path: `${pictures}overview.png` });
  console.log("docs/images/overview.png");
  await page.close();
}

/** The page of `npm run room`, after a refusal of its tour. */
async function takeRoom(browser: Awaited<ReturnType<typeof startChromium>>): Promise<void> {
  const session = await openSession(rehearsal);
  const server = await startRoomServer({ session, files: pageFiles(), port: 0 });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1060 } });
    await page.goto(`${server.url}#step-2`);
    await page.getByRole("button", { name: "Join the view" }).click();
    await page.locator("#refusal-title").waitFor();
    await page.mouse.move(0, 0);
    await page.screenshot({ path: `${pictures}room.png` });
    console.log("docs/images/room.png");
    await page.close();
  } finally {
    await server.close();
    await session.close();
  }
}

await runMain(main);
